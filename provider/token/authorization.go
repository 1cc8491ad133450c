package token

import (
	"gatehouse/storage"
)

// Authorization is what any grant type ends in and the only thing that tokens
// are issued for.
type Authorization struct {
	Client storage.Client
	Grant  storage.Grant
	// Scopes are those of the access token, which may be fewer than the grant's.
	Scopes []string
	// Audience is what of the grant's the access token is asked for, or empty
	// for all of it (RFC 8707, section 2.2).
	Audience []string
	// Claims of the user go into the access token, and may be nil.
	Claims map[string]any
	// Nonce goes into the ID token of a code and of an authorization response, not
	// into those of refreshes (OpenID Connect Core 1.0, section 12.2).
	Nonce string
	// RefreshToken is handed out with the set, if there is one.
	RefreshToken string

	session *storage.Record[storage.Session]
}

// Session returns the record of the session that the grant is bound to, or nil.
func (a Authorization) Session() *storage.Record[storage.Session] { return a.session }

// Set is what the token endpoint answers with (RFC 6749, section 5.1; OpenID
// Connect Core 1.0, section 3.1.3.3), and what an authorization response holds of
// it (sections 3.2.2.5 and 3.3.2.5).
type Set struct {
	AccessToken  string `json:"access_token"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int64  `json:"expires_in"`
	RefreshToken string `json:"refresh_token,omitempty"`
	Scope        string `json:"scope,omitempty"`
	IDToken      string `json:"id_token,omitempty"`
}
