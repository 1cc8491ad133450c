package storage

import (
	"errors"
	"time"
)

// What asking the user store can end in. They carry no words of the user
// store, which may repeat a password.
var (
	// ErrInvalidCredentials says no more than that the sign-in failed: wrong
	// password, unknown or inactive account, or an account without password.
	ErrInvalidCredentials = errors.New("credentials refused")
	// ErrOTPRequired says that the password was right and that a one-time
	// password is needed.
	ErrOTPRequired = errors.New("one-time password required")
	// ErrInvalidOTP says that the password was right, the one-time password not.
	ErrInvalidOTP = errors.New("one-time password refused")
	// ErrRestricted says that the user store lets nobody sign in now.
	ErrRestricted = errors.New("sign-in restricted by the user store")
	// ErrUnavailable says that the user store did not answer, or not usefully.
	ErrUnavailable = errors.New("user store unavailable")
	// ErrUncertain comes together with ErrUnavailable where the user store may
	// have counted the attempt all the same, such as when time ran out.
	ErrUncertain = errors.New("user store may have counted the attempt")
	// ErrMalformed says that the user store refused the form of the input,
	// such as an e-mail address it does not take.
	ErrMalformed = errors.New("input refused by the user store")
)

// Account is a user as Directus described it at the time SeenAt.
type Account struct {
	// ID is the user's id in Directus, and the claim sub.
	ID    string
	Email string
	// Active says whether the user may sign in, and stay signed in.
	Active bool
	// Status is what Directus calls it; it is free text there.
	Status string
	// Role is the id of the user's role, or empty.
	Role      string
	FirstName string
	LastName  string
	// Language is what the user chose in Directus (BCP 47), or empty.
	Language string
	// Provider is DefaultProvider, or the name of the external provider that
	// the user signs in with: then there is no password here.
	Provider string
	// HasOTP says that a one-time password is set up.
	HasOTP bool
	// Fields are the columns that the claim mapping reads, by name.
	Fields map[string]any
	SeenAt time.Time
}

// Credentials are what a person typed, and where from.
type Credentials struct {
	Email    string
	Password Secret
	// OTP is empty at the first step.
	OTP Secret
	// ClientAddress and UserAgent are handed on to Directus.
	ClientAddress string
	UserAgent     string
	// OnlyCheck says that nobody signs in by them: what Directus begins is ended
	// at once.
	OnlyCheck bool
}
