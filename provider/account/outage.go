package account

import (
	"context"
	"errors"
	"fmt"

	"gatehouse/storage"
)

// admittedError is why Directus cannot be asked about a user who may go on all
// the same, as long as nothing is told of him. It never leaves the package
// without storage.ErrUnavailable in it.
type admittedError struct{ cause error }

func (e *admittedError) Error() string {
	return fmt.Sprintf("the user was seen a short while ago, but what is told of him was not: %s", e.cause)
}

func (e *admittedError) Unwrap() error { return e.cause }

// described refuses whoever needs to know more than that the user may go on.
func described(account storage.Account, known bool, err error) (storage.Account, error) {
	if err != nil || !known {
		return storage.Account{}, err
	}
	return account, nil
}

// admitted forgives that the user is not known.
func admitted(known bool, err error) error {
	if _, ok := errors.AsType[*admittedError](err); ok && !known {
		return nil
	}
	return err
}

// standIn decides on a user while Directus does not answer, for the given cause.
// The newest look counts, this process's or another's, and none that is older
// than Looks.Good. It ends nothing and lets nobody go on of whom it is known that
// he may not, or that something has changed that ends what he has: that is for
// Directus to say when it is back, and until then the error is the cause.
func (g *Gate) standIn(ctx context.Context, subject string, then storage.Sighting, cause error) (account storage.Account, known bool, err error) {
	if g.Looks.off() {
		return storage.Account{}, false, cause
	}
	look, noted, err := g.Looks.last(ctx, subject)
	if err != nil {
		return storage.Account{}, false, err
	}
	remembered, here := g.Directory.Remembered(subject)
	here = here && g.Looks.good(remembered.SeenAt)
	newest := here && (!noted || !look.At.After(remembered.SeenAt))
	_, over := g.ending(then, storage.Sight(remembered))
	switch fits := here && remembered.Active && !over; {
	case newest && !fits, noted && !newest && !look.Active:
		return storage.Account{}, false, cause
	case fits:
		return remembered, true, nil
	case noted:
		return storage.Account{}, false, &admittedError{cause}
	}
	return storage.Account{}, false, cause
}
