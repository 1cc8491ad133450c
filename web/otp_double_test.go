package web_test

import (
	"context"
	"slices"
	"sync"

	"gatehouse/storage"
)

// otpSecret is what GenerateOTP makes; code is what an app with it shows.
const otpSecret = "GEZDGNBVGY3TQOJQ"

// oneTimePasswords stands in for the pages of Directus about the own account.
type oneTimePasswords struct {
	accounts *accounts

	mu     sync.Mutex
	denied bool
	// enforced says that a policy asks for a one-time password.
	enforced bool
	// failures are by the name of a method.
	failures map[string]error
	// asked are the methods that were called, but Rights.
	asked []string
}

func newOneTimePasswords(accounts *accounts) *oneTimePasswords {
	return &oneTimePasswords{accounts: accounts, failures: map[string]error{}}
}

// fail makes a method fail, or work again.
func (o *oneTimePasswords) fail(method string, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.failures[method] = err
}

// deny says that the project lets nobody change his own account.
func (o *oneTimePasswords) deny() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.denied = true
}

// calls returns and forgets what was called.
func (o *oneTimePasswords) calls() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	calls := slices.Clone(o.asked)
	o.asked = nil
	return calls
}

func (o *oneTimePasswords) Rights(_ context.Context, access storage.DirectusAccess, _ storage.Caller) (storage.OwnRights, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return storage.OwnRights{OneTimePassword: !o.denied, OTPEnforced: o.enforced}, o.check("Rights", access)
}

// check needs the lock.
func (o *oneTimePasswords) check(method string, access storage.DirectusAccess) error {
	if access.AccessToken != "access of "+access.Subject || !o.accounts.now().Before(access.Expires) {
		return storage.ErrInvalidCredentials
	}
	return o.failures[method]
}

// ask is check for what may only be done by whoever is not denied.
func (o *oneTimePasswords) ask(method string, access storage.DirectusAccess) (*user, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.asked = append(o.asked, method)
	if err := o.check(method, access); err != nil {
		return nil, err
	}
	o.accounts.mu.Lock()
	defer o.accounts.mu.Unlock()
	for _, u := range o.accounts.users {
		if u.account.ID == access.Subject {
			return u, nil
		}
	}
	return nil, storage.ErrInvalidCredentials
}

func (o *oneTimePasswords) GenerateOTP(_ context.Context, access storage.DirectusAccess, password storage.Secret) (storage.OTPSecret, error) {
	u, err := o.ask("GenerateOTP", access)
	switch {
	case err != nil:
		return storage.OTPSecret{}, err
	case u.otp != "":
		return storage.OTPSecret{}, storage.ErrOTPIsSet
	case password.Reveal() != u.password:
		return storage.OTPSecret{}, storage.ErrInvalidCredentials
	}
	return storage.OTPSecret{Secret: otpSecret, URL: "otpauth://totp/directus:undefined?secret=" + otpSecret}, nil
}

func (o *oneTimePasswords) EnableOTP(_ context.Context, access storage.DirectusAccess, secret storage.OTPSecret, typed storage.Secret) error {
	u, err := o.ask("EnableOTP", access)
	switch {
	case err != nil:
		return err
	case u.otp != "":
		return storage.ErrOTPIsSet
	case o.denied:
		return storage.ErrForbidden
	case secret.Secret != otpSecret || typed.Reveal() != code:
		return storage.ErrInvalidOTP
	}
	o.set(u, code)
	return nil
}

func (o *oneTimePasswords) DisableOTP(_ context.Context, access storage.DirectusAccess, typed storage.Secret) error {
	u, err := o.ask("DisableOTP", access)
	switch {
	case err != nil:
		return err
	case o.denied:
		return storage.ErrForbidden
	case typed.Reveal() != u.otp:
		return storage.ErrInvalidOTP
	}
	o.set(u, "")
	return nil
}

func (o *oneTimePasswords) set(u *user, otp string) {
	o.accounts.mu.Lock()
	defer o.accounts.mu.Unlock()
	u.otp, u.account.HasOTP = otp, otp != ""
}
