package nodes

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/sync/errgroup"
)

const (
	together = 8 // people at a time
	links    = 4 // refreshes in a chain
	kills    = 6 // of one node after the other
)

// people is how many sign in, each with a chain of refreshes.
func people() int {
	if os.Getenv("GATEHOUSE_TEST_FULL") == "1" {
		return 1000
	}
	return 200
}

// TestNothingAcknowledgedIsLostWhenNodesDie: a request whose answer never came
// may fail, and the app starts again; every answer that did come holds.
func TestNothingAcknowledgedIsLostWhenNodesDie(t *testing.T) {
	w := newWorld(t)
	if again := w.crowd(t, people()); again == 0 {
		t.Error("no request was cut off: the nodes were not killed at the right time, and the test shows nothing")
	}
}

// TestSoakNodes does the same again and again, for as long as
// GATEHOUSE_TEST_SOAK says (make soak).
func TestSoakNodes(t *testing.T) {
	duration, err := time.ParseDuration(os.Getenv("GATEHOUSE_TEST_SOAK"))
	if err != nil {
		t.Skip("runs for the time that GATEHOUSE_TEST_SOAK names, such as 10m")
	}
	w := newWorld(t)
	for end := time.Now().Add(duration); time.Now().Before(end); {
		w.crowd(t, people())
	}
}

// crowd lets that many people live while nodes are killed, and returns how often
// a request got no answer.
func (w *world) crowd(t *testing.T, people int) int64 {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Duration(people)*3*time.Second)
	defer cancel()
	var finished, again atomic.Int64
	crew, working := errgroup.WithContext(ctx)
	crew.SetLimit(together + 1)
	crew.Go(func() error { return w.killInTurn(working, people, &finished) })
	for number := range people {
		crew.Go(func() error {
			err := w.live(working, number, &again)
			finished.Add(1)
			if err != nil {
				return fmt.Errorf("person %d: %w", number, err)
			}
			return nil
		})
	}
	if err := crew.Wait(); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d people, %d requests without an answer, %d kills", people, again.Load(), kills)
	return again.Load()
}

// live is one person: sign in, refresh, and in the end everything that was
// handed out last is still good.
func (w *world) live(ctx context.Context, number int, again *atomic.Int64) error {
	person, err := newPerson(w.issuer, number)
	if err != nil {
		return err
	}
	kept, err := w.signIn(ctx, person, number, again)
	if err != nil {
		return err
	}
	for link := range links {
		next, err := retry(ctx, again, func() (tokens, error) { return person.refresh(ctx, kept.Refresh) })
		if err != nil {
			return fmt.Errorf("refresh %d: %w", link+1, err)
		}
		kept = next
	}
	active, err := retry(ctx, again, func() (bool, error) { return person.active(ctx, kept.Access) })
	if err != nil {
		return err
	}
	if !active {
		return errors.New("the last access token that was acknowledged is not active")
	}
	return nil
}

// signIn starts again from the app whenever an answer did not come, as a person
// would: neither a code nor a sign-in form is used twice.
func (w *world) signIn(ctx context.Context, person *person, number int, again *atomic.Int64) (tokens, error) {
	return retry(ctx, again, func() (tokens, error) {
		verifier := oauth2.GenerateVerifier()
		code, err := person.signIn(ctx, w.email(number), userPassword, verifier)
		if err != nil {
			return tokens{}, err
		}
		return person.redeem(ctx, code, verifier)
	})
}

// retry tries again as long as no answer comes.
func retry[T any](ctx context.Context, again *atomic.Int64, attempt func() (T, error)) (T, error) {
	for {
		result, err := attempt()
		if !errors.Is(err, errUnanswered) {
			return result, err
		}
		again.Add(1)
		if ctx.Err() != nil {
			return result, ctx.Err()
		}
	}
}

// killInTurn kills a node and starts it again, spread over the work.
func (w *world) killInTurn(ctx context.Context, people int, finished *atomic.Int64) error {
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for kill := range kills {
		for finished.Load() < int64((kill+1)*people/(kills+2)) {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-ticker.C:
			}
		}
		if err := w.killAndRestart(ctx, kill%len(w.nodes)); err != nil {
			return err
		}
	}
	return nil
}
