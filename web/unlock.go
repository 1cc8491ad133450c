package web

import (
	"context"

	"gatehouse/storage"
)

// Unlock forgets the failed sign-ins of an account, for an operator.
func Unlock(ctx context.Context, store *storage.Store, email string) error {
	return (&Limiter{attempts: store.Attempts}).Reset(ctx, email)
}
