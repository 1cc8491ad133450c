package stack

import (
	"context"
	"time"
)

// poll calls ready at once and then every interval until it reports true,
// returns an error, or ctx ends.
func poll(ctx context.Context, interval time.Duration, ready func() (bool, error)) error {
	ticker := time.NewTicker(interval)
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
