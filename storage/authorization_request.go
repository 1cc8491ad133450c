package storage

import "time"

// AuthorizationRequest is a checked request (OpenID Connect Core 1.0, section
// 3.1.2.1) that waits for its person, with what happened to it so far. It
// belongs to the browser that started it.
type AuthorizationRequest struct {
	ID string `json:"id"`
	// BrowserDigest is the SHA-256 digest of the cookie that was set with it.
	BrowserDigest []byte `json:"browser_digest"`

	ClientID      string   `json:"client_id"`
	RedirectURI   string   `json:"redirect_uri"`
	ResponseType  string   `json:"response_type"`
	ResponseMode  string   `json:"response_mode"`
	Scopes        []string `json:"scopes"`
	State         string   `json:"state,omitempty"`
	Nonce         string   `json:"nonce,omitempty"`
	CodeChallenge string   `json:"code_challenge,omitempty"`
	Prompts       []string `json:"prompts,omitempty"`
	MaxAge        *int     `json:"max_age,omitempty"`
	LoginHint     string   `json:"login_hint,omitempty"`
	// HintSubject is the sub that the client knows the wanted user by, from a
	// verified id_token_hint. For a client with pairwise subjects it is not the
	// user's id. Claims may name one as well.
	HintSubject string   `json:"hint_subject,omitempty"`
	UILocales   []string `json:"ui_locales,omitempty"`
	Display     string   `json:"display,omitempty"`
	// Resources are the targets of RFC 8707.
	Resources []string `json:"resources,omitempty"`
	// Claims are those that are asked for one by one.
	Claims ClaimsRequest `json:"claims,omitzero"`
	// ACRValues are the wished-for ones, the most wished-for first.
	ACRValues []string `json:"acr_values,omitempty"`

	// OwnPath is set for a request that no client made: a sign-in that leads to
	// this page of ours, below the issuer. Then there is no client, no
	// redirect_uri and no consent.
	OwnPath string `json:"own_path,omitempty"`

	CreatedAt time.Time `json:"created_at"`
	// SessionID is the session that was chosen or made for this request.
	SessionID string `json:"session_id,omitempty"`
	// ConsentDigest is what the person allowed: a digest of request, session,
	// subject, scopes, claims and tokens of Directus. Consent to anything else does
	// not count.
	ConsentDigest []byte `json:"consent_digest,omitempty"`
}

// PendingSignIn is a right password that waits for its one-time password,
// which Directus takes only together with it.
type PendingSignIn struct {
	Email    string `json:"email"`
	Password string `json:"password"`
	Remember bool   `json:"remember,omitempty"`
	// Failures counts the one-time passwords that were wrong.
	Failures int `json:"failures,omitempty"`
}
