package storage

import "errors"

// What registering, verifying and resetting can end in, besides ErrMalformed,
// ErrRestricted and ErrUnavailable. They carry no words of the user store, which
// may repeat a password.
var (
	// ErrPasswordPolicy says that the project does not take this password.
	ErrPasswordPolicy = errors.New("password refused by the project's policy")
	// ErrRegistrationClosed says that the project takes no new users, or none
	// with such an address.
	ErrRegistrationClosed = errors.New("registration is closed")
	// ErrLinkInvalid says that the token of a mail is damaged, forged or meant
	// for something else.
	ErrLinkInvalid = errors.New("link is invalid")
	// ErrLinkExpired says that the token of a mail was good once.
	ErrLinkExpired = errors.New("link has expired")
	// ErrLinkUsed says that the token of a mail was spent, or that its user
	// may not use it any more.
	ErrLinkUsed = errors.New("link was used")
	// ErrURLRefused says that Directus does not put our address into its
	// mails: an allow-list lacks it.
	ErrURLRefused = errors.New("address is on no allow-list of the user store")
	// ErrForbidden says that the user store does not let this person do it.
	ErrForbidden = errors.New("not permitted by the user store")
)

// Caller is who asks, as handed on to Directus.
type Caller struct {
	ClientAddress string
	UserAgent     string
}

// Registration is a person who wants an account.
type Registration struct {
	Email     string
	Password  Secret
	FirstName string
	LastName  string
	// VerificationURL is where the mail of Directus leads to.
	VerificationURL string
	Caller          Caller
}

// ResetRequest asks for a mail with a link to a new password.
type ResetRequest struct {
	Email string
	// URL is where the mail of Directus leads to.
	URL    string
	Caller Caller
}

// Limits of Directus's columns, in characters. Longer values are taken by some
// databases and refused by others.
const (
	MaxNameLength  = 50
	MaxEmailLength = 128
)

// MaxPasswordSize bounds what Directus is given to hash, in bytes.
const MaxPasswordSize = 4096
