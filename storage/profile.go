package storage

import (
	"errors"
	"time"
)

// What changing the own account can end in, besides ErrForbidden, ErrMalformed,
// ErrPasswordPolicy, ErrInvalidOTP and ErrUnavailable.
var (
	// ErrAccessEnded says that a DirectusAccess is worth nothing any more. It
	// comes together with ErrInvalidCredentials: a fresh sign-in helps.
	ErrAccessEnded = errors.New("access to the own account has ended")
	// ErrOTPIsSet says that the person has a one-time password already, maybe
	// set up in another window.
	ErrOTPIsSet = errors.New("one-time password is set up already")
)

// Profile is what a person may see of his account, and change of it where the
// project permits.
type Profile struct {
	Account Account
	// Language is a tag (BCP 47), or empty for the project's.
	Language string
	// Appearance is "auto", "light", "dark", or empty for the project's.
	Appearance string
	// Avatar is the id of a file, or empty.
	Avatar string
}

// ProfileChange are the only columns that a person may change. What is nil stays
// as it is; an empty text clears the column.
type ProfileChange struct {
	FirstName, LastName, Language, Appearance, Avatar *string
}

// OwnRights is what Directus lets a person do to his own account.
type OwnRights struct {
	// Profile, Password and OneTimePassword say whether the columns may be
	// changed; Picture whether a file may be stored.
	Profile, Password, OneTimePassword, Picture bool
	// OTPEnforced says that a policy asks for a one-time password: whoever has
	// one keeps it, whatever his columns would let him do.
	OTPEnforced bool
}

// DirectusAccess is the Directus access token of a fresh sign-in. Its session at
// Directus was ended at once: nothing can be refreshed, and after some minutes
// it is worth nothing. Until then its person may change his own account.
type DirectusAccess struct {
	Subject     string    `json:"sub"`
	AccessToken string    `json:"access_token"`
	Expires     time.Time `json:"expires"`
	// Failures counts the one-time passwords that were wrong with it.
	Failures int `json:"failures,omitempty"`
}

// OTPSecret is what an authenticator app needs.
type OTPSecret struct {
	// Secret is base32 (RFC 4648); URL is otpauth://.
	Secret string `json:"secret"`
	URL    string `json:"url"`
}

// Enrolment is a one-time password that is being set up: the person has to show
// that the app works before Directus asks for it.
type Enrolment struct {
	Subject string         `json:"sub"`
	OTP     OTPSecret      `json:"otp"`
	Access  DirectusAccess `json:"access"`
	// Failures counts the codes that were wrong.
	Failures int `json:"failures,omitempty"`
}

// History is what a person is shown of his past sign-ins, the latest first.
type History struct {
	SignIns []PastSignIn `json:"sign_ins"`
}

// MaxHistory bounds a History; older sign-ins fall out of it.
const MaxHistory = 30

// PastSignIn is one of them.
type PastSignIn struct {
	At time.Time `json:"at"`
	// ClientID is the app that it was made for, empty for an own page.
	ClientID string `json:"client_id,omitempty"`
	// App is what the app was called then.
	App           string `json:"app,omitempty"`
	ACR           string `json:"acr"`
	UserAgent     string `json:"user_agent,omitempty"`
	ClientAddress string `json:"client_address,omitempty"`
}

// AuthorizedApp is a client that a person allowed something, or that holds a
// grant of his.
type AuthorizedApp struct {
	Client Client
	Scopes []string
	// Claims are those that it asked for one by one.
	Claims []string
	// Directus says that it may have tokens of Directus for the person.
	Directus bool
	// Since is when the person allowed it; zero where nobody asked him.
	Since time.Time
	// LastGrant is when the app last got tokens by a sign-in; zero if it holds
	// none now.
	LastGrant time.Time
	// OpenURL starts a sign-in at the app; empty where it named no address for
	// that.
	OpenURL string
	// Offline says that it may go on while the person is signed out.
	Offline bool
	// Closed says that the client is not open to the person any more.
	Closed bool
}
