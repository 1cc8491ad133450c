package storage

import (
	"encoding/json"
	"time"
)

// Client is a registered relying party: the metadata of RFC 7591, section 2,
// and OpenID Connect Dynamic Client Registration 1.0, section 2, followed by what
// only Gatehouse knows.
type Client struct {
	ID   string `json:"client_id"`
	Name string `json:"client_name,omitempty"`
	// SecretDigests are SHA-256 digests of the secrets that are valid now.
	// More than one only while a secret is being changed.
	SecretDigests []SecretDigest `json:"client_secret_digests,omitempty"`

	RedirectURIs           []string `json:"redirect_uris,omitempty"`
	PostLogoutRedirectURIs []string `json:"post_logout_redirect_uris,omitempty"`
	GrantTypes             []string `json:"grant_types,omitempty"`
	ResponseTypes          []string `json:"response_types,omitempty"`
	// TokenEndpointAuthMethod is empty for a client that named none: it may
	// then use client_secret_basic or client_secret_post.
	TokenEndpointAuthMethod     string          `json:"token_endpoint_auth_method,omitempty"`
	TokenEndpointAuthSigningAlg string          `json:"token_endpoint_auth_signing_alg,omitempty"`
	JWKS                        json.RawMessage `json:"jwks,omitempty"`
	JWKSURI                     string          `json:"jwks_uri,omitempty"`
	// ApplicationType is "web" or "native".
	ApplicationType string `json:"application_type,omitempty"`
	// SubjectType is "public", which is also the default, or "pairwise" (OpenID
	// Connect Core 1.0, section 8).
	SubjectType         string `json:"subject_type,omitempty"`
	SectorIdentifierURI string `json:"sector_identifier_uri,omitempty"`

	IDTokenSignedResponseAlg     string `json:"id_token_signed_response_alg,omitempty"`
	IDTokenEncryptedResponseAlg  string `json:"id_token_encrypted_response_alg,omitempty"`
	IDTokenEncryptedResponseEnc  string `json:"id_token_encrypted_response_enc,omitempty"`
	UserInfoSignedResponseAlg    string `json:"userinfo_signed_response_alg,omitempty"`
	UserInfoEncryptedResponseAlg string `json:"userinfo_encrypted_response_alg,omitempty"`
	UserInfoEncryptedResponseEnc string `json:"userinfo_encrypted_response_enc,omitempty"`
	RequestObjectSigningAlg      string `json:"request_object_signing_alg,omitempty"`
	RequestObjectEncryptionAlg   string `json:"request_object_encryption_alg,omitempty"`
	RequestObjectEncryptionEnc   string `json:"request_object_encryption_enc,omitempty"`
	// RequestURIs may carry a fragment, which a request must repeat (OpenID
	// Connect Core 1.0, section 6.2).
	RequestURIs []string `json:"request_uris,omitempty"`

	// Scope is what the client may ask for; empty means every scope there is.
	Scope             string   `json:"scope,omitempty"`
	DefaultMaxAge     *int     `json:"default_max_age,omitempty"`
	RequireAuthTime   bool     `json:"require_auth_time,omitempty"`
	DefaultACRValues  []string `json:"default_acr_values,omitempty"`
	ClientURI         string   `json:"client_uri,omitempty"`
	LogoURI           string   `json:"logo_uri,omitempty"`
	PolicyURI         string   `json:"policy_uri,omitempty"`
	TermsOfServiceURI string   `json:"tos_uri,omitempty"`
	InitiateLoginURI  string   `json:"initiate_login_uri,omitempty"`
	Contacts          []string `json:"contacts,omitempty"`

	FrontChannelLogoutURI             string `json:"frontchannel_logout_uri,omitempty"`
	FrontChannelLogoutSessionRequired bool   `json:"frontchannel_logout_session_required,omitempty"`
	BackChannelLogoutURI              string `json:"backchannel_logout_uri,omitempty"`
	BackChannelLogoutSessionRequired  bool   `json:"backchannel_logout_session_required,omitempty"`

	SoftwareID      string `json:"software_id,omitempty"`
	SoftwareVersion string `json:"software_version,omitempty"`

	// SecurityProfile names the rules on which specifications contradict each
	// other; empty means "oidc". Only the configuration sets it.
	SecurityProfile    string   `json:"security_profile,omitempty"`
	AccessTokenFormat  string   `json:"access_token_format,omitempty"` // "opaque" or "jwt" (RFC 9068)
	AccessTokenAlg     string   `json:"access_token_signing_alg,omitempty"`
	Audience           []string `json:"audience,omitempty"` // of JWT access tokens
	IDTokenScopeClaims bool     `json:"id_token_scope_claims,omitempty"`
	// FirstParty clients skip consent.
	FirstParty bool `json:"first_party,omitempty"`
	// Trusted lets remembered consent serve a native public client.
	Trusted bool `json:"trusted,omitempty"`
	// Introspects names the clients whose tokens this client may look at
	// besides its own; "*" stands for all.
	Introspects []string `json:"introspects,omitempty"`
	// DirectusExchange says for whom the client may trade an access token for one of
	// Directus (RFC 8693). Only the configuration sets it.
	DirectusExchange DirectusExchange `json:"directus_exchange,omitempty"`
	// Allow says who may use the client.
	Allow ClientAllow `json:"allow,omitzero"`
	// ScopeRoles are the roles, by id or name, that a user must have one of, itself
	// or above his own, to be granted a scope that is named here.
	ScopeRoles map[string][]string `json:"scope_roles,omitempty"`
	// RefreshTokenRotation is "always", "public_only" or "never".
	RefreshTokenRotation string `json:"refresh_token_rotation,omitempty"`

	// Registered says how the client came in by the registration endpoint;
	// empty for one that an operator made.
	Registered RegisteredBy `json:"registered,omitempty"`
	// RegistrationAccessDigest is the SHA-256 digest of the token by which the
	// client manages its registration (RFC 7592, section 3).
	RegistrationAccessDigest []byte `json:"registration_access_digest,omitempty"`

	CreatedAt time.Time `json:"created_at,omitzero"`
	// PresentedAt is when a client that manages its registration last changed
	// what people know it by; what they allowed it before counts no more.
	PresentedAt time.Time `json:"presented_at,omitzero"`
}

// DirectusExchange says whose Directus access tokens a client may have.
type DirectusExchange string

// What a client may exchange; empty is nothing.
const (
	// ExchangeUsers is for users without administrator's access.
	ExchangeUsers DirectusExchange = "users"
	// ExchangeAdministrators is for everybody.
	ExchangeAdministrators DirectusExchange = "administrators"
)

// ClientAllow says who may use a client: whoever meets every part that is not
// empty. Empty allows everybody.
type ClientAllow struct {
	// Roles are ids or names, of which the user must have one, himself or above
	// his own.
	Roles []string `json:"roles,omitempty"`
	// Policies are ids or names, of which one must hold for the user.
	Policies []string `json:"policies,omitempty"`
	// Filter is a filter on directus_users, in the syntax of Directus.
	Filter json.RawMessage `json:"filter,omitempty"`
}

// Empty says that everybody may use the client.
func (a ClientAllow) Empty() bool {
	return len(a.Roles) == 0 && len(a.Policies) == 0 && len(a.Filter) == 0
}

// RegisteredBy says who vouched for a client that registered itself.
type RegisteredBy string

// How clients register themselves.
const (
	// RegisteredOpenly is a client that anybody could have made.
	RegisteredOpenly RegisteredBy = "open"
	// RegisteredByToken is one whose maker had an initial access token (RFC
	// 7591, section 3).
	RegisteredByToken RegisteredBy = "token"
)

// SecretDigest is the SHA-256 digest of a client secret of at least 32
// characters, so that no slow hash is needed.
type SecretDigest struct {
	SHA256 []byte `json:"sha256"`
	// Secret is the secret itself, kept only for client_secret_jwt, where it is the
	// key that assertions are checked with. It must never be shown.
	Secret string `json:"secret,omitempty"`
	// Expires is zero for a secret without end.
	Expires time.Time `json:"expires,omitzero"`
}

// Public says whether the client authenticates by nothing (RFC 6749, section 2.1).
func (c Client) Public() bool { return c.TokenEndpointAuthMethod == "none" }

// Native says whether the client is an app on a person's device (RFC 8252).
func (c Client) Native() bool { return c.ApplicationType == "native" }

// Pairwise says whether the client knows each user by a sub that clients of other
// sectors do not see.
func (c Client) Pairwise() bool { return c.SubjectType == "pairwise" }

// DisplayName is what people are shown.
func (c Client) DisplayName() string {
	if c.Name != "" {
		return c.Name
	}
	return c.ID
}
