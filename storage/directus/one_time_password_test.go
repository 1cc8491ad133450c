package directus_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"gatehouse/storage"
	"gatehouse/storage/directus"
	"gatehouse/storage/directus/directustest"
)

// code is what an authenticator shows now.
func (b *bench) code(secret string) storage.Secret {
	return storage.Secret(directustest.OTP(secret, b.clock.Now()))
}

func TestAPersonSetsUpAndRemovesAOneTimePassword(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.fake.AllowOwnUpdate("tfa_secret")
	id := b.addAda()
	signedIn := b.signIn(t)
	access := signedIn.Pair.Access()
	if err := b.client.Logout(t.Context(), signedIn.Pair); err != nil {
		t.Fatal(err)
	}
	rights, err := b.client.Rights(t.Context(), access, storage.Caller{})
	if want := (storage.OwnRights{OneTimePassword: true}); err != nil || rights != want {
		t.Fatalf("rights %+v, error %v", rights, err)
	}
	if account, err := b.client.Find(t.Context(), id, time.Hour); err != nil || account.HasOTP {
		t.Fatalf("before: %v, %v", account.HasOTP, err)
	}
	made, err := b.client.GenerateOTP(t.Context(), access, password)
	if err != nil || made.Secret == "" || !strings.HasPrefix(made.URL, "otpauth://totp/") {
		t.Fatalf("generate: %d characters, %v", len(made.Secret), err)
	}
	if err := b.client.EnableOTP(t.Context(), access, made, "000000"); !errors.Is(err, storage.ErrInvalidOTP) {
		t.Errorf("wrong code: error %v, want %v", err, storage.ErrInvalidOTP)
	}
	if err := b.client.EnableOTP(t.Context(), access, made, b.code(made.Secret)); err != nil {
		t.Fatal(err)
	}
	if account, err := b.client.Find(t.Context(), id, time.Hour); err != nil || !account.HasOTP {
		t.Errorf("the remembered account was not forgotten: %v, %v", account.HasOTP, err)
	}
	if _, err := b.client.GenerateOTP(t.Context(), access, password); !errors.Is(err, storage.ErrOTPIsSet) {
		t.Errorf("generate again: error %v, want %v", err, storage.ErrOTPIsSet)
	}
	if err := b.client.EnableOTP(t.Context(), access, made, b.code(made.Secret)); !errors.Is(err, storage.ErrOTPIsSet) {
		t.Errorf("enable again: error %v, want %v", err, storage.ErrOTPIsSet)
	}
	if err := b.client.DisableOTP(t.Context(), access, "000000"); !errors.Is(err, storage.ErrInvalidOTP) {
		t.Errorf("disable with a wrong code: error %v, want %v", err, storage.ErrInvalidOTP)
	}
	for range 2 { // there is none at the second time
		if err := b.client.DisableOTP(t.Context(), access, b.code(made.Secret)); err != nil {
			t.Fatal(err)
		}
	}
	if account, err := b.client.Find(t.Context(), id, time.Hour); err != nil || account.HasOTP {
		t.Errorf("after: %v, %v", account.HasOTP, err)
	}
}

func TestOneTimePasswordIsRefused(t *testing.T) {
	t.Parallel()
	external := func(u *directustest.User) { u.Password, u.Provider = "", "google" }
	for name, test := range map[string]struct {
		user     func(*directustest.User)
		password storage.Secret
		want     error
	}{
		"wrong password":         {func(*directustest.User) {}, "wrong", storage.ErrInvalidCredentials},
		"no password":            {func(*directustest.User) {}, "", storage.ErrInvalidCredentials},
		"external user needs no": {external, "", nil},
		"set up already":         {func(u *directustest.User) { u.OTPSecret = otpSeed }, password, storage.ErrOTPIsSet},
	} {
		b := newBench(t)
		id := b.addAda(test.user)
		_, err := b.client.GenerateOTP(t.Context(), b.accessOf(t, id), test.password)
		if !errors.Is(err, test.want) {
			t.Errorf("%s: error %v, want %v", name, err, test.want)
		}
		if errors.Is(err, storage.ErrAccessEnded) {
			t.Errorf("%s: says that the access has ended", name)
		}
	}
}

// accessOf is the access of a user, by whichever provider he signs in.
func (b *bench) accessOf(t *testing.T, id string) storage.DirectusAccess {
	t.Helper()
	user, _ := b.fake.User(id)
	if user.OTPSecret != "" {
		b.fake.Update(id, func(u *directustest.User) { u.OTPSecret = "" })
		defer b.fake.Update(id, func(u *directustest.User) { u.OTPSecret = user.OTPSecret })
	}
	if user.Provider == storage.DefaultProvider {
		return b.signIn(t).Pair.Access()
	}
	signedIn, err := b.client.Redeem(t.Context(), user.Provider, []storage.Secret{b.fake.RefreshCookie(id)}, storage.Caller{})
	if err != nil {
		t.Fatal(err)
	}
	return signedIn.Pair.Access()
}

// On Directus 12 without a licence nobody but administrators may.
func TestWithoutOwnUpdateNobodySetsUpAOneTimePassword(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *directus.Config) { c.WriteToken = "also with this one" })
	id := b.addAda()
	access := b.signIn(t).Pair.Access()
	if rights, err := b.client.Rights(t.Context(), access, storage.Caller{}); err != nil || rights != (storage.OwnRights{}) {
		t.Errorf("rights %+v, error %v", rights, err)
	}
	made, err := b.client.GenerateOTP(t.Context(), access, password)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.client.EnableOTP(t.Context(), access, made, b.code(made.Secret)); !errors.Is(err, storage.ErrForbidden) {
		t.Errorf("enable: error %v, want %v", err, storage.ErrForbidden)
	}
	b.fake.Update(id, func(u *directustest.User) { u.OTPSecret = otpSeed })
	if err := b.client.DisableOTP(t.Context(), access, b.code(otpSeed)); !errors.Is(err, storage.ErrForbidden) {
		t.Errorf("disable: error %v, want %v", err, storage.ErrForbidden)
	}
}

func TestAnAccessThatEndedAsksForAFreshSignIn(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.fake.AllowOwnUpdate()
	id := b.addAda()
	access := b.signIn(t).Pair.Access()
	forged := access
	forged.AccessToken += "x"
	for name, access := range map[string]storage.DirectusAccess{"none": {}, "refused": forged, "expired": access} {
		if name == "expired" {
			b.clock.Advance(directustest.AccessTokenTTL)
		}
		_, rights := b.client.Rights(t.Context(), access, storage.Caller{})
		_, own := b.client.OwnRights(t.Context(), access)
		_, picture := b.client.StorePicture(t.Context(), access, pngPicture())
		first := "Ada"
		for method, err := range map[string]error{
			"Rights": rights, "OwnRights": own, "StorePicture": picture,
			"EnableOTP":      b.client.EnableOTP(t.Context(), access, storage.OTPSecret{Secret: otpSeed}, b.code(otpSeed)),
			"DisableOTP":     b.client.DisableOTP(t.Context(), access, b.code(otpSeed)),
			"UpdateProfile":  b.client.UpdateProfile(t.Context(), id, access, storage.ProfileChange{FirstName: &first}),
			"ChangePassword": b.client.ChangePassword(t.Context(), id, access, "another password"),
		} {
			if !errors.Is(err, storage.ErrAccessEnded) || !errors.Is(err, storage.ErrInvalidCredentials) {
				t.Errorf("%s, %s: error %v, want %v", name, method, err, storage.ErrAccessEnded)
			}
		}
	}
}

func TestAnAccessEndsBeforeDirectusSaysSo(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.addAda()
	access := b.signIn(t).Pair.Access()
	left := access.Expires.Sub(b.clock.Now())
	if left >= directustest.AccessTokenTTL || left < directustest.AccessTokenTTL-time.Minute {
		t.Errorf("expires in %s", left)
	}
}
