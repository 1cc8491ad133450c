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

// Authenticate implements web.Accounts. The Directus session of the sign-in is
// ended at once: no client may have a Directus token yet, so nobody would use it.
func (a accounts) Authenticate(ctx context.Context, credentials storage.Credentials) (web.SignInResult, error) {
	authentication, err := a.Client.Authenticate(ctx, credentials)
	if err != nil {
		return web.SignInResult{}, err
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if err := a.Logout(ending, authentication.Pair); err != nil {
		a.logger.WarnContext(ctx, "a Directus session was not ended and ends by itself",
			slog.String("request_id", event.RequestOf(ctx).ID), slog.Any("error", err))
	}
	return web.SignInResult{Account: authentication.Account, OTPUsed: authentication.OTPVerified}, nil
}
