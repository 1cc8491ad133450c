package config

import (
	"strings"
	"time"

	"gatehouse/provider/clients"
	"gatehouse/storage"
)

// clientEntry is a client as it is written down: with its secret.
type clientEntry struct {
	storage.Client
	secret storage.Secret
	source string
}

// clientSettings are the keys of one entry of clients, named as in RFC 7591,
// section 2, and OpenID Connect Dynamic Client Registration 1.0, section 2.
// What is a tree (clientTrees) is read apart.
func clientSettings() []setting[clientEntry] {
	field := func(key, doc string, bind func(*storage.Client) value) setting[clientEntry] {
		return setting[clientEntry]{key: key, doc: doc, value: func(e *clientEntry) value { return bind(&e.Client) }}
	}
	secret := setting[clientEntry]{
		key: "client_secret", secret: true, doc: "At least 32 random characters. A public client has none.",
		value: func(e *clientEntry) value { return text(&e.secret) },
	}
	all := []setting[clientEntry]{
		field("client_id", "Name of the client in the protocol.", func(c *storage.Client) value { return text(&c.ID) }),
		sourceSetting(),
		secret,
		field("client_name", "Name that people see.", func(c *storage.Client) value { return text(&c.Name) }),
		field("redirect_uris", "Every address the app wants its answer at, exactly as it will ask for it.", func(c *storage.Client) value { return texts(&c.RedirectURIs) }),
		field("post_logout_redirect_uris", "Every address the app wants people back at after sign-out.", func(c *storage.Client) value { return texts(&c.PostLogoutRedirectURIs) }),
		field("grant_types", "authorization_code (default), refresh_token, client_credentials, implicit, urn:ietf:params:oauth:grant-type:token-exchange (with `directus_exchange`). Left out, those that `response_types` need.", func(c *storage.Client) value { return texts(&c.GrantTypes) }),
		field("response_types", "code (default), id_token, id_token token, code id_token, code token, code id_token token. All but code send tokens through the browser; see operations.md.", func(c *storage.Client) value { return texts(&c.ResponseTypes) }),
		field("application_type", "web (default) or native.", func(c *storage.Client) value { return text(&c.ApplicationType) }),
		field("token_endpoint_auth_method", "How the client authenticates. Left out, client_secret_basic and client_secret_post both do.", func(c *storage.Client) value { return text(&c.TokenEndpointAuthMethod) }),
		field("token_endpoint_auth_signing_alg", "The only algorithm taken for private_key_jwt or client_secret_jwt.", func(c *storage.Client) value { return text(&c.TokenEndpointAuthSigningAlg) }),
		field("jwks_uri", "Where the client's public keys are.", func(c *storage.Client) value { return text(&c.JWKSURI) }),
		field("scope", "What the client may ask for, separated by spaces. Left out, every scope.", func(c *storage.Client) value { return text(&c.Scope) }),
		field("id_token_signed_response_alg", "Algorithm of ID tokens; RS256 otherwise.", func(c *storage.Client) value { return text(&c.IDTokenSignedResponseAlg) }),
		field("subject_type", "public (default) or pairwise, which needs pairwise.secret.", func(c *storage.Client) value { return text(&c.SubjectType) }),
		field("sector_identifier_uri", "Names the group of apps that know a person by one sub, if subject_type is pairwise and the redirect URIs have several hosts, none, or for a native app that of this machine. Only its host counts.", func(c *storage.Client) value { return text(&c.SectorIdentifierURI) }),
		field("id_token_encrypted_response_alg", "Encrypt ID tokens to a key of the client by this algorithm.", func(c *storage.Client) value { return text(&c.IDTokenEncryptedResponseAlg) }),
		field("id_token_encrypted_response_enc", "How the content of encrypted ID tokens is encrypted; A128CBC-HS256 otherwise.", func(c *storage.Client) value { return text(&c.IDTokenEncryptedResponseEnc) }),
		field("userinfo_signed_response_alg", "Answer at userinfo with a token that is signed by this algorithm.", func(c *storage.Client) value { return text(&c.UserInfoSignedResponseAlg) }),
		field("userinfo_encrypted_response_alg", "Encrypt the answer at userinfo to a key of the client by this algorithm.", func(c *storage.Client) value { return text(&c.UserInfoEncryptedResponseAlg) }),
		field("userinfo_encrypted_response_enc", "How the content of encrypted answers at userinfo is encrypted; A128CBC-HS256 otherwise.", func(c *storage.Client) value { return text(&c.UserInfoEncryptedResponseEnc) }),
		field("request_object_signing_alg", "The only algorithm taken for request objects.", func(c *storage.Client) value { return text(&c.RequestObjectSigningAlg) }),
		field("request_object_encryption_alg", "The algorithm by which the client may encrypt request objects.", func(c *storage.Client) value { return text(&c.RequestObjectEncryptionAlg) }),
		field("request_object_encryption_enc", "How the content of encrypted request objects may be encrypted.", func(c *storage.Client) value { return text(&c.RequestObjectEncryptionEnc) }),
		field("request_uris", "Every address that the client refers to as request_uri. A fragment belongs to the address and is compared, but not with the document.", func(c *storage.Client) value { return texts(&c.RequestURIs) }),
		field("default_max_age", "Seconds after which a sign-in must be renewed for this client.", func(c *storage.Client) value {
			return optionalNumber(&c.DefaultMaxAge, 0, int(year/time.Second))
		}),
		field("require_auth_time", "Always put auth_time into ID tokens.", func(c *storage.Client) value { return yesNo(&c.RequireAuthTime) }),
		field("default_acr_values", "Authentication contexts that are asked for unless a request asks for others.", func(c *storage.Client) value { return texts(&c.DefaultACRValues) }),
		field("client_uri", "The app's home page.", func(c *storage.Client) value { return text(&c.ClientURI) }),
		field("logo_uri", "The app's logo.", func(c *storage.Client) value { return text(&c.LogoURI) }),
		field("policy_uri", "The app's privacy policy.", func(c *storage.Client) value { return text(&c.PolicyURI) }),
		field("tos_uri", "The app's terms of service.", func(c *storage.Client) value { return text(&c.TermsOfServiceURI) }),
		field("initiate_login_uri", "Where the app starts a sign-in; `/apps/open` leads there, with `iss`, from \"My account\" and from pages whose request has ended.", func(c *storage.Client) value { return text(&c.InitiateLoginURI) }),
		field("frontchannel_logout_uri", "Loaded in a frame when a person signs out. Of the scheme, host and port of one of the redirect URIs.", func(c *storage.Client) value { return text(&c.FrontChannelLogoutURI) }),
		field("frontchannel_logout_session_required", "Whether the app relies on iss and sid in that address. They are always there.", func(c *storage.Client) value { return yesNo(&c.FrontChannelLogoutSessionRequired) }),
		field("backchannel_logout_uri", "Told by a logout token when a session ends.", func(c *storage.Client) value { return text(&c.BackChannelLogoutURI) }),
		field("backchannel_logout_session_required", "Whether the app relies on sid in that token. It is always there.", func(c *storage.Client) value { return yesNo(&c.BackChannelLogoutSessionRequired) }),
		field("software_id", "Name of the software, the same for all who run it.", func(c *storage.Client) value { return text(&c.SoftwareID) }),
		field("software_version", "Version of the software.", func(c *storage.Client) value { return text(&c.SoftwareVersion) }),
		field("contacts", "Whom to write to about the app.", func(c *storage.Client) value { return texts(&c.Contacts) }),
		field("security_profile", "The rules for this client where specifications contradict each other: "+strings.Join(clients.Profiles(), ", ")+". The first is the default.", func(c *storage.Client) value { return choice(&c.SecurityProfile, clients.Profiles()...) }),
		field("access_token_format", "opaque (default) or jwt (RFC 9068).", func(c *storage.Client) value { return text(&c.AccessTokenFormat) }),
		field("access_token_signing_alg", "Algorithm of jwt access tokens; RS256 otherwise.", func(c *storage.Client) value { return text(&c.AccessTokenAlg) }),
		field("audience", "Audience of jwt access tokens.", func(c *storage.Client) value { return texts(&c.Audience) }),
		field("id_token_scope_claims", "Put the claims of scopes into the ID token too, for apps that never call userinfo.", func(c *storage.Client) value { return yesNo(&c.IDTokenScopeClaims) }),
		field("first_party", "Skip the consent page. A native public client needs `trusted` as well.", func(c *storage.Client) value { return yesNo(&c.FirstParty) }),
		field("trusted", "Let remembered consent serve a native public client.", func(c *storage.Client) value { return yesNo(&c.Trusted) }),
		field("introspects", "Clients whose tokens this one may look at besides its own; * for all.", func(c *storage.Client) value { return texts(&c.Introspects) }),
		field("directus_exchange", "Whose Directus tokens the client may have for its access tokens (RFC 8693): users, which leaves administrators out, or administrators, which is everybody. With one the app does in Directus whatever its person may; see operations.md.", func(c *storage.Client) value {
			return choice((*string)(&c.DirectusExchange), string(storage.ExchangeUsers), string(storage.ExchangeAdministrators))
		}),
		field("refresh_token_rotation", "always (default), public_only or never.", func(c *storage.Client) value { return text(&c.RefreshTokenRotation) }),
	}
	return append(all, clientAllowSettings(field)...)
}
