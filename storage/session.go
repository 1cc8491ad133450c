package storage

import "time"

// Session is one sign-in of one user in one browser.
//
// The browser holds the session's id and a secret of which only the digest
// stands here. The secret changes at every sign-in, the id stays, so that what
// hangs on the session survives a renewed sign-in. A grant that is bound to a
// session ends with it: deleting this one record ends them all.
type Session struct {
	ID           string `json:"id"`
	SecretDigest []byte `json:"secret_digest"`
	// Subject is the user's id in Directus.
	Subject string `json:"sub"`
	// AuthenticatedAt is the time of the last sign-in (the claim auth_time).
	AuthenticatedAt time.Time `json:"auth_time"`
	// AuthenticatedFor is the id of the authorization request that the last
	// sign-in was made for: only that request's prompt=login is satisfied.
	AuthenticatedFor string `json:"authenticated_for,omitempty"`
	// ACR and AMR say how (RFC 8176).
	ACR string   `json:"acr,omitempty"`
	AMR []string `json:"amr,omitempty"`
	// MustEnrolOTP says that a policy of the project asks for one-time passwords
	// and this user had none: nothing else may be done with the session before.
	MustEnrolOTP bool `json:"must_enrol_otp,omitempty"`
	// UserAgent and ClientAddress are those of the last sign-in.
	UserAgent     string `json:"user_agent,omitempty"`
	ClientAddress string `json:"client_address,omitempty"`
	// Remember keeps the session beyond the end of the browser.
	Remember  bool      `json:"remember,omitempty"`
	CreatedAt time.Time `json:"created_at"`
	// LastSeen is kept to the minute.
	LastSeen time.Time `json:"last_seen"`
	// DirectusSession names the token pair of this sign-in, if one is kept.
	DirectusSession string `json:"directus_session,omitempty"`
	// Seen is what was last seen of the user in Directus.
	Seen Sighting `json:"seen,omitzero"`

	// Participants are the clients that want to be told when the session ends.
	Participants []Participant `json:"participants,omitempty"`
	// Ended says that the session is over and its participants are being told.
	// It counts as gone; the record follows.
	Ended bool `json:"ended,omitempty"`
}

// Participant is a client that was given an ID token in a session and registered
// where it wants to hear of the end of that session.
type Participant struct {
	ClientID string `json:"client_id"`
	// BackChannel clients are told by us (OpenID Connect Back-Channel Logout
	// 1.0), FrontChannel clients by the browser (Front-Channel Logout 1.0).
	BackChannel  bool `json:"back_channel,omitempty"`
	FrontChannel bool `json:"front_channel,omitempty"`
}
