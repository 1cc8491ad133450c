package web

import (
	"context"

	"gatehouse/storage"
)

// Unlock forgets the failed sign-ins of an account, for an operator. Directus
// goes on with its own count, which only a success or its restart ends: until
// then strangers can come closer to its limit than they could before.
func Unlock(ctx context.Context, store *storage.Store, email string) error {
	return (&Limiter{attempts: store.Attempts}).Reset(ctx, email)
}
