package main

import (
	"crypto/rand"
	"log/slog"
	"testing"
	"time"

	"gatehouse/storage"
	"gatehouse/storage/directus"
	"gatehouse/storage/directus/directustest"
)

// A sign-in leaves no session at Directus: only an access token for the person's
// own account, and the word that a policy asks for a one-time password.
func TestAuthenticateLeavesAnAccessTokenAlone(t *testing.T) {
	fake := directustest.New(t)
	client, err := directus.New(directus.Config{BaseURL: fake.URL, ServiceToken: fake.ServiceToken, Now: time.Now, Random: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	people := accounts{Client: client, logger: slog.New(slog.DiscardHandler)}
	for name, test := range map[string]struct {
		user    directustest.User
		mustOTP bool
	}{
		"ada@example.com":   {user: directustest.User{Password: "correct horse"}},
		"grace@example.com": {user: directustest.User{Password: "correct horse", EnforceTFA: true}, mustOTP: true},
	} {
		t.Run(name, func(t *testing.T) {
			test.user.Email = name
			id := fake.AddUser(test.user)
			result, err := people.Authenticate(t.Context(), storage.Credentials{Email: name, Password: "correct horse"})
			if err != nil {
				t.Fatal(err)
			}
			if result.MustEnrolOTP != test.mustOTP {
				t.Errorf("must enrol: got %t, want %t", result.MustEnrolOTP, test.mustOTP)
			}
			if result.Access.Subject != id || result.Access.AccessToken == "" || !result.Access.Expires.After(time.Now()) {
				t.Errorf("the access is not that of %s", id)
			}
			if n := fake.Sessions(id); n != 0 {
				t.Errorf("%d sessions are left at Directus", n)
			}
		})
	}
}
