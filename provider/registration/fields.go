package registration

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"

	"gatehouse/storage"
)

// field is one member of client metadata.
type field struct {
	name string
	// read puts the value into the client, or returns what it should have been.
	read func(raw json.RawMessage, client *storage.Client) error
	// write returns the value, or nil for one that is not there.
	write func(client *storage.Client) any
	// replace copies the value, even if it is not there.
	replace func(to, from *storage.Client)
}

// fields is all metadata that a client may register: RFC 7591, section 2; OpenID
// Connect Dynamic Client Registration 1.0, section 2; RP-Initiated Logout 1.0,
// section 3.1; Front-Channel Logout 1.0 and Back-Channel Logout 1.0, section 2.
func fields() []field {
	type client = storage.Client
	return []field{
		list("redirect_uris", func(c *client) *[]string { return &c.RedirectURIs }),
		list("response_types", func(c *client) *[]string { return &c.ResponseTypes }),
		list("grant_types", func(c *client) *[]string { return &c.GrantTypes }),
		text("application_type", func(c *client) *string { return &c.ApplicationType }),
		list("contacts", func(c *client) *[]string { return &c.Contacts }),
		text("client_name", func(c *client) *string { return &c.Name }),
		text("logo_uri", func(c *client) *string { return &c.LogoURI }),
		text("client_uri", func(c *client) *string { return &c.ClientURI }),
		text("policy_uri", func(c *client) *string { return &c.PolicyURI }),
		text("tos_uri", func(c *client) *string { return &c.TermsOfServiceURI }),
		text("jwks_uri", func(c *client) *string { return &c.JWKSURI }),
		keySet("jwks", func(c *client) *json.RawMessage { return &c.JWKS }),
		text("sector_identifier_uri", func(c *client) *string { return &c.SectorIdentifierURI }),
		text("subject_type", func(c *client) *string { return &c.SubjectType }),
		text("id_token_signed_response_alg", func(c *client) *string { return &c.IDTokenSignedResponseAlg }),
		text("id_token_encrypted_response_alg", func(c *client) *string { return &c.IDTokenEncryptedResponseAlg }),
		text("id_token_encrypted_response_enc", func(c *client) *string { return &c.IDTokenEncryptedResponseEnc }),
		text("userinfo_signed_response_alg", func(c *client) *string { return &c.UserInfoSignedResponseAlg }),
		text("userinfo_encrypted_response_alg", func(c *client) *string { return &c.UserInfoEncryptedResponseAlg }),
		text("userinfo_encrypted_response_enc", func(c *client) *string { return &c.UserInfoEncryptedResponseEnc }),
		text("request_object_signing_alg", func(c *client) *string { return &c.RequestObjectSigningAlg }),
		text("request_object_encryption_alg", func(c *client) *string { return &c.RequestObjectEncryptionAlg }),
		text("request_object_encryption_enc", func(c *client) *string { return &c.RequestObjectEncryptionEnc }),
		text("token_endpoint_auth_method", func(c *client) *string { return &c.TokenEndpointAuthMethod }),
		text("token_endpoint_auth_signing_alg", func(c *client) *string { return &c.TokenEndpointAuthSigningAlg }),
		number("default_max_age", func(c *client) **int { return &c.DefaultMaxAge }),
		flag("require_auth_time", func(c *client) *bool { return &c.RequireAuthTime }),
		list("default_acr_values", func(c *client) *[]string { return &c.DefaultACRValues }),
		text("initiate_login_uri", func(c *client) *string { return &c.InitiateLoginURI }),
		list("request_uris", func(c *client) *[]string { return &c.RequestURIs }),
		list("post_logout_redirect_uris", func(c *client) *[]string { return &c.PostLogoutRedirectURIs }),
		text("frontchannel_logout_uri", func(c *client) *string { return &c.FrontChannelLogoutURI }),
		flag("frontchannel_logout_session_required", func(c *client) *bool { return &c.FrontChannelLogoutSessionRequired }),
		text("backchannel_logout_uri", func(c *client) *string { return &c.BackChannelLogoutURI }),
		flag("backchannel_logout_session_required", func(c *client) *bool { return &c.BackChannelLogoutSessionRequired }),
		text("scope", func(c *client) *string { return &c.Scope }),
		text("software_id", func(c *client) *string { return &c.SoftwareID }),
		text("software_version", func(c *client) *string { return &c.SoftwareVersion }),
	}
}

func text(name string, of func(*storage.Client) *string) field {
	return field{
		name:    name,
		replace: func(to, from *storage.Client) { *of(to) = *of(from) },
		read: func(raw json.RawMessage, client *storage.Client) error {
			if json.Unmarshal(raw, of(client)) != nil {
				return errors.New("must be a string")
			}
			return nil
		},
		write: func(client *storage.Client) any {
			if *of(client) == "" {
				return nil
			}
			return *of(client)
		},
	}
}

func list(name string, of func(*storage.Client) *[]string) field {
	return field{
		name:    name,
		replace: func(to, from *storage.Client) { *of(to) = *of(from) },
		read: func(raw json.RawMessage, client *storage.Client) error {
			var values []*string
			if json.Unmarshal(raw, &values) != nil || slices.Contains(values, nil) {
				return errors.New("must be an array of strings")
			}
			for _, value := range values {
				*of(client) = append(*of(client), *value)
			}
			return nil
		},
		write: func(client *storage.Client) any {
			if len(*of(client)) == 0 {
				return nil
			}
			return *of(client)
		},
	}
}

func flag(name string, of func(*storage.Client) *bool) field {
	return field{
		name:    name,
		replace: func(to, from *storage.Client) { *of(to) = *of(from) },
		read: func(raw json.RawMessage, client *storage.Client) error {
			if json.Unmarshal(raw, of(client)) != nil {
				return errors.New("must be true or false")
			}
			return nil
		},
		write: func(client *storage.Client) any {
			if !*of(client) {
				return nil
			}
			return true
		},
	}
}

func number(name string, of func(*storage.Client) **int) field {
	return field{
		name:    name,
		replace: func(to, from *storage.Client) { *of(to) = *of(from) },
		read: func(raw json.RawMessage, client *storage.Client) error {
			if json.Unmarshal(raw, of(client)) != nil {
				return errors.New("must be a whole number")
			}
			return nil
		},
		write: func(client *storage.Client) any {
			if *of(client) == nil {
				return nil
			}
			return **of(client)
		},
	}
}

func keySet(name string, of func(*storage.Client) *json.RawMessage) field {
	return field{
		name:    name,
		replace: func(to, from *storage.Client) { *of(to) = *of(from) },
		read: func(raw json.RawMessage, client *storage.Client) error {
			var compact bytes.Buffer
			if !bytes.HasPrefix(raw, []byte("{")) || json.Compact(&compact, raw) != nil {
				return errors.New("must be a JSON Web Key Set")
			}
			*of(client) = compact.Bytes()
			return nil
		},
		write: func(client *storage.Client) any {
			if len(*of(client)) == 0 {
				return nil
			}
			return *of(client)
		},
	}
}
