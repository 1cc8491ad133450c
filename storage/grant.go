package storage

import "time"

// Grant is what one client was allowed in one authorization: the root of a
// family of tokens. Codes, access tokens and refresh tokens name it and are
// worth nothing without it, so deleting this one record revokes them all.
type Grant struct {
	ID       string `json:"id"`
	ClientID string `json:"client_id"`
	// Subject is the user's id; empty for client_credentials.
	Subject string `json:"sub,omitempty"`
	// SessionID names the session that the grant was made in.
	SessionID string `json:"session_id,omitempty"`
	// DirectusSession names the token pair of the sign-in, if one is kept.
	DirectusSession string `json:"directus_session,omitempty"`
	// Directus says that the client had the right to tokens of Directus when the
	// grant was opened: whoever was asked then, was asked for that as well.
	Directus bool `json:"directus,omitempty"`
	// Seen is what was last seen of the user in Directus.
	Seen Sighting `json:"seen,omitzero"`
	// Offline grants outlive their session (scope offline_access); every
	// other one is worth nothing once its session is gone.
	Offline  bool     `json:"offline,omitempty"`
	Scopes   []string `json:"scopes,omitempty"`
	Audience []string `json:"audience,omitempty"`
	// Claims are those that the client asked for one by one.
	Claims ClaimsRequest `json:"claims,omitzero"`

	AuthenticatedAt time.Time `json:"auth_time,omitzero"`
	ACR             string    `json:"acr,omitempty"`
	AMR             []string  `json:"amr,omitempty"`
	Nonce           string    `json:"nonce,omitempty"`
	// FrontChannel says that the client got tokens with the authorization
	// response, whatever became of the code.
	FrontChannel bool `json:"front_channel,omitempty"`

	IssuedAt time.Time `json:"issued_at"`
	// ListedUntil is when the user's index may forget the grant. It is moved on
	// before the grant is kept any longer.
	ListedUntil time.Time `json:"listed_until,omitzero"`

	Code    *Code    `json:"code,omitempty"`
	Refresh *Refresh `json:"refresh,omitempty"`
	// Revoked are access tokens that were revoked one by one (RFC 7009).
	Revoked []RevokedToken `json:"revoked,omitempty"`
}

// Bound says whether the grant ends with its session.
func (g Grant) Bound() bool { return g.SessionID != "" && !g.Offline }

// Code is the authorization code of a grant. It is marked when it is redeemed,
// never removed, so that a replay finds its grant.
type Code struct {
	// Digest is the SHA-256 digest of the code.
	Digest        []byte    `json:"digest"`
	Expires       time.Time `json:"expires"`
	RedirectURI   string    `json:"redirect_uri"`
	CodeChallenge string    `json:"code_challenge,omitempty"`
	RedeemedAt    time.Time `json:"redeemed_at,omitzero"`
}

// Refresh is the state of a grant's chain of refresh tokens. Generations count
// from one; only the newest is valid, and Rotations tells what is left of the
// replay window of those before it.
type Refresh struct {
	Generation int       `json:"generation"`
	Digest     []byte    `json:"digest"`
	Expires    time.Time `json:"expires"`
	// Rotations are the recent ones, oldest first, none older than the window.
	Rotations []Rotation `json:"rotations,omitempty"`
}

// Rotation is one generation that was replaced by its successor.
type Rotation struct {
	Generation int       `json:"generation"`
	Digest     []byte    `json:"digest"`
	At         time.Time `json:"at"`
	// Successor is the refresh token that replaced this generation, encrypted
	// under a key derived from this generation's token, which the store does
	// not have. It is dropped once the successor was used.
	Successor []byte `json:"successor,omitempty"`
}

// RevokedToken is the identifier of an access token and when it can be
// forgotten, because the token has expired.
type RevokedToken struct {
	ID      string    `json:"id"`
	Expires time.Time `json:"expires"`
}
