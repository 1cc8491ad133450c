package main

import (
	"context"
	"log/slog"
	"time"

	"gatehouse/provider/event"
	"gatehouse/storage"
	"gatehouse/storage/directus"
	"gatehouse/web"
)

// accounts lets the screens ask Directus.
type accounts struct {
	*directus.Client
	// sessions keeps the token pairs of sign-ins; nil where no client may have
	// Directus tokens.
	sessions *directus.Sessions
	logger   *slog.Logger
}

var (
	_ web.Accounts         = accounts{}
	_ web.Registrar        = accounts{}
	_ web.Passwords        = accounts{}
	_ web.OneTimePasswords = accounts{}
	_ web.Profiles         = accounts{}
	_ web.Brand            = accounts{}
	_ web.External         = accounts{}
)

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

// signedIn keeps the Directus session of a sign-in if some client may have Directus
// tokens of such a user, and ends it at once otherwise. What it leaves then is an
// access token that cannot be refreshed.
func (a accounts) signedIn(ctx context.Context, authentication directus.Authentication, onlyCheck bool) (result web.SignInResult, err error) {
	if a.sessions != nil && !onlyCheck && a.sessions.Keeps(authentication.Pair) {
		result.DirectusSession, err = a.sessions.Keep(ctx, authentication.Pair)
	}
	if result.DirectusSession == "" {
		a.end(ctx, authentication.Pair)
	}
	if err != nil {
		return web.SignInResult{}, err
	}
	result.Account, result.OTPUsed = authentication.Account, authentication.OTPVerified
	result.MustEnrolOTP, result.Access = authentication.EnforceTFA, authentication.Pair.Access()
	return result, nil
}

func (a accounts) end(ctx context.Context, pair directus.Pair) {
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if err := a.Logout(ending, pair); err != nil {
		a.logger.WarnContext(ctx, "a Directus session was not ended and ends by itself",
			slog.String("request_id", event.RequestOf(ctx).ID), slog.Any("error", err))
	}
}
