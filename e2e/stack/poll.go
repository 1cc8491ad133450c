package stack

import (
	"context"
	"time"
)

const pollInterval = 50 * time.Millisecond

// poll calls ready at once and then every pollInterval until it reports true,
// returns an error, or ctx ends.
func poll(ctx context.Context, ready func() (bool, error)) error {
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for {
		done, err := ready()
		if done || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-ticker.C:
		}
	}
}
