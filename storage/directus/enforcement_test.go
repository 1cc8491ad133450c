package directus_test

import (
	"errors"
	"testing"

	"gatehouse/storage"
	"gatehouse/storage/directus/directustest"
)

func TestSignInSaysWhoMustEnrol(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*directustest.User)
		want   bool
	}{
		"by the own role":   {func(u *directustest.User) { u.EnforceTFA = true }, true},
		"by another policy": {func(u *directustest.User) { u.EnforceTFAAbove = true }, true},
		"nobody enforces":   {func(*directustest.User) {}, false},
	} {
		b := newBench(t)
		b.addAda(test.change)
		if got := b.signIn(t); got.EnforceTFA != test.want {
			t.Errorf("%s: %v", name, got.EnforceTFA)
		}
	}
}

func TestWhoHasAOneTimePasswordNeedNotEnrol(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.addAda(func(u *directustest.User) { u.EnforceTFAAbove, u.OTPSecret = true, otpSeed })
	credentials := storage.Credentials{Email: email, Password: password, OTP: b.code(otpSeed)}
	got, err := b.client.Authenticate(t.Context(), credentials)
	if err != nil || got.EnforceTFA || !got.OTPVerified {
		t.Errorf("%+v, %v", got, err)
	}
}

// Nobody slips past a policy because Directus would not tell of it.
func TestSignInFailsWherePoliciesAreNotTold(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.addAda()
	b.fake.Inject(directustest.Fault{Path: "/policies/me/globals", Status: 500})
	_, err := b.client.Authenticate(t.Context(), storage.Credentials{Email: email, Password: password})
	if !errors.Is(err, storage.ErrUnavailable) || !errors.Is(err, storage.ErrUncertain) {
		t.Errorf("error %v, want %v and %v", err, storage.ErrUnavailable, storage.ErrUncertain)
	}
	if b.fake.Sessions(id) != 0 {
		t.Errorf("%d Directus sessions left", b.fake.Sessions(id))
	}
}
