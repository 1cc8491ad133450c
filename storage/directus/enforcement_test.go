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

func TestRightsSayWhoMustKeepAOneTimePassword(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*directustest.User)
		fault  *directustest.Fault
		want   bool
		err    error
	}{
		"by the own role":           {change: func(u *directustest.User) { u.EnforceTFA = true }, want: true},
		"by another policy":         {change: func(u *directustest.User) { u.EnforceTFAAbove = true }, want: true},
		"an administrator, too":     {change: func(u *directustest.User) { u.Admin, u.EnforceTFA = true, true }, want: true},
		"nobody enforces":           {change: func(*directustest.User) {}},
		"policies are not told":     {change: func(u *directustest.User) { u.EnforceTFA = true }, fault: &directustest.Fault{Status: 500}, err: storage.ErrUnavailable},
		"Directus 10: by the role":  {change: roleOfTen(true), fault: &directustest.Fault{Status: 404}, want: true},
		"Directus 10: not the role": {change: roleOfTen(false), fault: &directustest.Fault{Status: 404}},
	} {
		b := newBench(t)
		b.addAda(test.change)
		access := b.signIn(t).Pair.Access()
		if test.fault != nil {
			test.fault.Path, test.fault.Times = "/policies/me/globals", 1
			b.fake.Inject(*test.fault)
		}
		got, err := b.client.Rights(t.Context(), access, storage.Caller{})
		if got.OTPEnforced != test.want || !errors.Is(err, test.err) {
			t.Errorf("%s: %v, error %v", name, got.OTPEnforced, err)
		}
	}
}

// roleOfTen is a user whose role has the flag, as in Directus 10.
func roleOfTen(enforces bool) func(*directustest.User) {
	return func(u *directustest.User) {
		u.Fields = map[string]any{"role": map[string]any{"enforce_tfa": enforces}}
	}
}
