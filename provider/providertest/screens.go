package providertest

import (
	"context"
	"testing"
	"time"

	"gatehouse/provider/oauth"
	"gatehouse/provider/session"
	"gatehouse/storage"
	"gatehouse/storage/directus"
	"gatehouse/storage/directus/directustest"
	"gatehouse/web"
)

// screens are the real ones, over Directus.
func (s *Server) screens(t testing.TB, options Options, client *directus.Client, handles *oauth.Handles) *web.Web {
	t.Helper()
	people := accounts{client, s.DirectusSessions}
	config := web.Config{
		Issuer: s.Issuer, Accounts: people, Passwords: client, OneTimePasswords: client, Profiles: client, Brand: client, Away: client.Away,
		Store: s.Store, Cookies: session.NewCookies(s.Issuer), Handles: handles, Sink: s.Events, Now: s.Clock.Now,
		Throttle:       web.Throttle{AttemptsLimit: directustest.LoginAttempts},
		PasswordPolicy: options.PasswordPolicy,
		// What is held back passes at once, by the clock of the test.
		Pace: web.Pace{Wait: func(_ context.Context, d time.Duration) error { s.Clock.Advance(d); return nil }},
	}
	if !options.NoRegistration {
		config.Registrar = client
	}
	if options.ExternalSignIn {
		config.External = people
	}
	screens, err := web.New(config)
	if err != nil {
		t.Fatalf("make screens: %v", err)
	}
	return screens
}

// accounts lets people sign in. Their Directus sessions are kept where some client
// may have tokens of Directus, and end at once otherwise.
type accounts struct {
	*directus.Client
	sessions *directus.Sessions
}

var _ web.External = accounts{}

// Authenticate implements web.Accounts.
func (a accounts) Authenticate(ctx context.Context, credentials storage.Credentials) (web.SignInResult, error) {
	authentication, err := a.Client.Authenticate(ctx, credentials)
	if err != nil {
		return web.SignInResult{}, err
	}
	return a.signedIn(ctx, authentication, credentials.OnlyCheck)
}

// Redeem implements web.External.
func (a accounts) Redeem(ctx context.Context, provider string, cookies []storage.Secret, caller storage.Caller) (web.SignInResult, error) {
	authentication, err := a.Client.Redeem(ctx, provider, cookies, caller)
	if err != nil {
		return web.SignInResult{}, err
	}
	return a.signedIn(ctx, authentication, false)
}

func (a accounts) signedIn(ctx context.Context, authentication directus.Authentication, onlyCheck bool) (result web.SignInResult, err error) {
	if a.sessions != nil && !onlyCheck && a.sessions.Keeps(authentication.Pair) {
		result.DirectusSession, err = a.sessions.Keep(ctx, authentication.Pair)
	} else {
		err = a.Logout(ctx, authentication.Pair)
	}
	result.Account, result.OTPUsed = authentication.Account, authentication.OTPVerified
	result.MustEnrolOTP, result.Access = authentication.EnforceTFA, authentication.Pair.Access()
	return result, err
}
