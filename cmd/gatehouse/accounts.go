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
	logger *slog.Logger
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
	return a.signedIn(ctx, authentication), nil
}

// Redeem implements web.External.
func (a accounts) Redeem(ctx context.Context, provider string, cookies []storage.Secret, caller storage.Caller) (web.SignInResult, error) {
	authentication, err := a.Client.Redeem(ctx, provider, cookies, caller)
	if err != nil {
		return web.SignInResult{}, err
	}
	return a.signedIn(ctx, authentication), nil
}

// signedIn ends the Directus session of a sign-in at once: no client may have a
// Directus token yet, so nobody would use it. What it leaves is an access token
// that cannot be refreshed.
func (a accounts) signedIn(ctx context.Context, authentication directus.Authentication) web.SignInResult {
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if err := a.Logout(ending, authentication.Pair); err != nil {
		a.logger.WarnContext(ctx, "a Directus session was not ended and ends by itself",
			slog.String("request_id", event.RequestOf(ctx).ID), slog.Any("error", err))
	}
	return web.SignInResult{
		Account: authentication.Account, OTPUsed: authentication.OTPVerified,
		MustEnrolOTP: authentication.EnforceTFA, Access: authentication.Pair.Access(),
	}
}
