package account

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gatehouse/storage"
)

// ErrInactive says that the user may not sign in, or no longer exists.
var ErrInactive = errors.New("user is not active")

// Directory looks users up. storage/directus satisfies it.
type Directory interface {
	// Find returns the user as seen no longer than maxAge ago, or an error
	// that wraps storage.ErrNotFound or storage.ErrUnavailable.
	Find(ctx context.Context, id string, maxAge time.Duration) (storage.Account, error)
}

// Gate is safe for concurrent use.
type Gate struct {
	Directory Directory
	// Staleness is how old a look may be.
	Staleness time.Duration
	// End ends all of a user's sessions and grants.
	End func(ctx context.Context, subject, reason string) error
}

// Check returns the user, or ErrInactive after everything of the user was ended.
// If Directus cannot be asked the error wraps storage.ErrUnavailable.
func (g *Gate) Check(ctx context.Context, subject string) (storage.Account, error) {
	account, err := g.Directory.Find(ctx, subject, g.Staleness)
	gone := errors.Is(err, storage.ErrNotFound)
	if err != nil && !gone {
		return storage.Account{}, fmt.Errorf("look user up: %w", err)
	}
	if !gone && account.Active {
		return account, nil
	}
	if err := g.End(ctx, subject, "user is not active"); err != nil {
		return storage.Account{}, err
	}
	return storage.Account{}, ErrInactive
}
