package web

import (
	"context"
	"time"

	"gatehouse/storage"
)

// Accounts asks the user store. Both methods are safe for concurrent use.
type Accounts interface {
	// Authenticate checks credentials, asking the user store exactly once for
	// them. It returns storage.ErrInvalidCredentials, ErrOTPRequired,
	// ErrInvalidOTP, ErrRestricted, ErrMalformed or ErrUnavailable, the last
	// together with ErrUncertain if the attempt may have been counted.
	Authenticate(ctx context.Context, credentials storage.Credentials) (SignInResult, error)
	// Find returns the account as it was at most maxAge ago, or
	// storage.ErrNotFound.
	Find(ctx context.Context, id string, maxAge time.Duration) (storage.Account, error)
}

// SignInResult is who signed in.
type SignInResult struct {
	Account storage.Account
	// Began is when the person was sent to the user store, or his credentials
	// were. The pages note it themselves.
	Began time.Time
	// OTPUsed says that the user store asked for a one-time password.
	OTPUsed bool
	// MustEnrolOTP says that a policy asks for one and the user has none.
	MustEnrolOTP bool
	// Access works for a few minutes: long enough to change the own account.
	Access storage.DirectusAccess
	// DirectusSession names the kept token pair, if there is one.
	DirectusSession string
}

// Registrar makes accounts.
type Registrar interface {
	// Register makes an account, or does nothing if there is one with this
	// address: the answer is nil either way. It returns
	// storage.ErrRegistrationClosed, ErrPasswordPolicy, ErrMalformed,
	// ErrURLRefused or ErrUnavailable.
	Register(ctx context.Context, registration storage.Registration) error
	// VerifyEmail spends the token of a verification mail and returns whose it
	// was, or storage.ErrLinkInvalid, ErrLinkExpired, ErrLinkUsed or
	// ErrUnavailable.
	VerifyEmail(ctx context.Context, token storage.Secret, caller storage.Caller) (storage.Account, error)
}

// Passwords are set by whoever has a mail.
type Passwords interface {
	// RequestReset has a mail sent, if there is somebody to send it to: the
	// answer is nil either way. It returns storage.ErrMalformed, ErrURLRefused
	// or ErrUnavailable.
	RequestReset(ctx context.Context, request storage.ResetRequest) error
	// ResetPassword spends the token of a reset mail and returns whose it was,
	// or storage.ErrPasswordPolicy (the token is still good), ErrLinkInvalid,
	// ErrLinkExpired, ErrLinkUsed or ErrUnavailable.
	ResetPassword(ctx context.Context, token, password storage.Secret, caller storage.Caller) (storage.Account, error)
	// AcceptInvitation is ResetPassword for the token of an invitation.
	AcceptInvitation(ctx context.Context, token, password storage.Secret, caller storage.Caller) (storage.Account, error)
}

// OneTimePasswords are set up by the person himself, with the access token of a
// fresh sign-in. The methods return storage.ErrForbidden where the project does
// not let him, and ErrInvalidCredentials if the access has ended.
type OneTimePasswords interface {
	// Rights says what the user store would let the person do.
	Rights(ctx context.Context, access storage.DirectusAccess, caller storage.Caller) (storage.OwnRights, error)
	// GenerateOTP makes a secret, which changes nothing yet. A wrong password
	// is storage.ErrInvalidCredentials too.
	GenerateOTP(ctx context.Context, access storage.DirectusAccess, password storage.Secret) (storage.OTPSecret, error)
	// EnableOTP returns storage.ErrInvalidOTP if the code is wrong.
	EnableOTP(ctx context.Context, access storage.DirectusAccess, secret storage.OTPSecret, code storage.Secret) error
	// DisableOTP returns storage.ErrInvalidOTP if the code is wrong.
	DisableOTP(ctx context.Context, access storage.DirectusAccess, code storage.Secret) error
}

// Profiles are changed by the person himself. access is what a fresh sign-in
// gave, and may be zero: then the changes need a token of ours that may write.
type Profiles interface {
	// OwnRights says what the person may change, by whichever token is used.
	OwnRights(ctx context.Context, access storage.DirectusAccess) (storage.OwnRights, error)
	// Writes says that changes need no access token of the person's own.
	Writes() bool
	Profile(ctx context.Context, id string) (storage.Profile, error)
	// UpdateProfile returns storage.ErrForbidden, ErrMalformed,
	// ErrInvalidCredentials (the access has ended) or ErrUnavailable.
	UpdateProfile(ctx context.Context, id string, access storage.DirectusAccess, change storage.ProfileChange) error
	// ChangePassword returns storage.ErrPasswordPolicy besides. It does not ask
	// for the old one.
	ChangePassword(ctx context.Context, id string, access storage.DirectusAccess, password storage.Secret) error
	// StorePicture keeps a file and returns its id.
	StorePicture(ctx context.Context, access storage.DirectusAccess, picture storage.Picture) (string, error)
	// DiscardPicture takes back a file that StorePicture just kept.
	DiscardPicture(ctx context.Context, access storage.DirectusAccess, id string) error
	// RemovePicture removes a file that was the person's picture, as far as he
	// stored it here himself and may remove it: any other stays.
	RemovePicture(ctx context.Context, access storage.DirectusAccess, id string) error
	// ShowPicture returns a file no larger than width pixels, or
	// storage.ErrNotFound.
	ShowPicture(ctx context.Context, access storage.DirectusAccess, id string, width int) (storage.Picture, error)
}

// Brand is the look of the project.
type Brand interface {
	// Project returns what the user store last said, asking it again at most
	// once a minute; an old answer is better than none. Nobody waits for a newer
	// one, and whoever waits for the first waits no longer than ctx lasts: the
	// answer then serves the next.
	Project(ctx context.Context) (storage.Project, error)
	// Asset returns one of the files that Project names, or storage.ErrNotFound.
	// Anybody can call for it: it asks the user store only now and then.
	Asset(ctx context.Context, id string) (storage.Picture, error)
}

// External are the other places to sign in that Directus offers.
type External interface {
	Providers(ctx context.Context) ([]storage.ExternalProvider, error)
	// Begin is the address at Directus that leads to the provider and back to
	// returnURL, or storage.ErrNotFound for a provider that is not offered. Of a
	// sign-in that fails only the path of returnURL comes back, with "reason".
	Begin(ctx context.Context, provider, returnURL string) (string, error)
	// Redeem ends a sign-in by the cookies that Directus set, and says who came.
	// An account of another provider than the one named is
	// storage.ErrInvalidCredentials.
	Redeem(ctx context.Context, provider string, cookies []storage.Secret, caller storage.Caller) (SignInResult, error)
}
