package web_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"gatehouse/web"
)

// reserve takes an attempt of a stranger that must be there.
func reserve(t *testing.T, limiter *web.Limiter) web.Attempt {
	t.Helper()
	attempt, err := limiter.Reserve(t.Context(), email, "")
	if err != nil {
		t.Fatal(err)
	}
	return attempt
}

// left is how many attempts a stranger still has; it uses them up.
func left(t *testing.T, limiter *web.Limiter) int {
	t.Helper()
	for n := 0; ; n++ {
		_, err := limiter.Reserve(t.Context(), email, "")
		if errors.Is(err, web.ErrExhausted) {
			return n
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// resetting checks how many attempts there are said to be after a reset.
func resetting(t *testing.T, limiter *web.Limiter, want int) {
	t.Helper()
	attempts, err := limiter.Reset(t.Context(), email)
	must(t, err)
	if attempts != want {
		t.Errorf("%d attempts after the reset, want %d", attempts, want)
	}
}

func TestLimiter(t *testing.T) {
	for name, test := range map[string]struct {
		run  func(t *testing.T, h *house, limiter *web.Limiter)
		want int
	}{
		"untouched": {func(*testing.T, *house, *web.Limiter) {}, strangers},
		"pending counts": {func(t *testing.T, _ *house, l *web.Limiter) {
			reserve(t, l)
		}, strangers - 1},
		"refunded": {func(t *testing.T, _ *house, l *web.Limiter) {
			must(t, l.Refund(t.Context(), reserve(t, l)))
		}, strangers},
		"failed": {func(t *testing.T, _ *house, l *web.Limiter) {
			must(t, l.Failed(t.Context(), reserve(t, l)))
		}, strangers - 1},
		"never ended": {func(t *testing.T, h *house, l *web.Limiter) {
			reserve(t, l)
			h.clock.Advance(24 * time.Hour)
		}, strangers - 1},
		"refunded too late": {func(t *testing.T, h *house, l *web.Limiter) {
			attempt := reserve(t, l)
			h.clock.Advance(24 * time.Hour)
			reserve(t, l)
			must(t, l.Refund(t.Context(), attempt))
		}, strangers - 2},
		"success forgets what failed before": {func(t *testing.T, _ *house, l *web.Limiter) {
			for range 10 {
				must(t, l.Failed(t.Context(), reserve(t, l)))
			}
			must(t, l.Succeeded(t.Context(), reserve(t, l)))
		}, strangers},
		"success keeps what is pending": {func(t *testing.T, _ *house, l *web.Limiter) {
			pending := reserve(t, l)
			must(t, l.Succeeded(t.Context(), reserve(t, l)))
			must(t, l.Failed(t.Context(), pending))
		}, strangers - 1},
		"success keeps what failed meanwhile": {func(t *testing.T, _ *house, l *web.Limiter) {
			success := reserve(t, l)
			must(t, l.Failed(t.Context(), reserve(t, l)))
			must(t, l.Succeeded(t.Context(), success))
		}, strangers - 1},
		"a second success forgets nothing that the first could not know": {func(t *testing.T, _ *house, l *web.Limiter) {
			for range 3 {
				must(t, l.Failed(t.Context(), reserve(t, l)))
			}
			first, second := reserve(t, l), reserve(t, l)
			must(t, l.Succeeded(t.Context(), first))
			must(t, l.Failed(t.Context(), reserve(t, l)))
			must(t, l.Succeeded(t.Context(), second))
		}, strangers - 1},
		"reset": {func(t *testing.T, _ *house, l *web.Limiter) {
			must(t, l.Failed(t.Context(), reserve(t, l)))
			resetting(t, l, strangers)
		}, strangers},
		"reset of an account never tried": {func(t *testing.T, _ *house, l *web.Limiter) {
			resetting(t, l, strangers)
		}, strangers},
		"punctuation is no spelling": {func(t *testing.T, _ *house, l *web.Limiter) {
			attempt, err := l.Reserve(t.Context(), "a.da@example.com", "")
			must(t, err)
			must(t, l.Failed(t.Context(), attempt))
			attempt, err = l.Reserve(t.Context(), "ada+shop@example.com", "")
			must(t, err)
			must(t, l.Failed(t.Context(), attempt))
		}, strangers},
		"accents and width are": {func(t *testing.T, _ *house, l *web.Limiter) {
			attempt, err := l.Reserve(t.Context(), "ÁＤa@example.com", "")
			must(t, err)
			must(t, l.Failed(t.Context(), attempt))
		}, strangers - 1},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			test.run(t, h, h.web.Limiter())
			if got := left(t, h.web.Limiter()); got != test.want {
				t.Errorf("%d attempts left, want %d", got, test.want)
			}
		})
	}
}

// Whoever registers ever more addresses that look alike must neither make a
// record grow without bound, nor have failures forgotten, nor lock anybody out
// who has signed in since.
func TestLimiterBoundsARecord(t *testing.T) {
	h := newHouse(t)
	limiter := h.web.Limiter()
	succeed := func(email string) {
		t.Helper()
		attempt, err := limiter.Reserve(t.Context(), email, "of "+email)
		must(t, err)
		must(t, limiter.Succeeded(t.Context(), attempt))
	}
	fail := func(email string) {
		t.Helper()
		attempt, err := limiter.Reserve(t.Context(), email, "")
		if errors.Is(err, web.ErrExhausted) {
			return
		}
		must(t, err)
		must(t, limiter.Failed(t.Context(), attempt))
	}
	lookAlike := func(i int) string { return strings.Repeat("\u200b", i+1) + email }
	const lookAlikes = 25
	for range strangers {
		fail(email)
	}
	for i := range lookAlikes {
		succeed(lookAlike(i))
		for range strangers {
			fail(lookAlike(i))
		}
	}
	for record, err := range h.store.Attempts.All(t.Context()) {
		must(t, err)
		if len(record.Value.Failures) > 256 || len(record.Value.Names) > 16 {
			t.Errorf("%d failures of %d names", len(record.Value.Failures), len(record.Value.Names))
		}
	}
	for i := range lookAlikes {
		succeed(lookAlike(i))
	}
	if got := left(t, limiter); got != 0 {
		t.Errorf("%d failures were forgotten", got)
	}
	succeed(email)
	if got := left(t, limiter); got != strangers {
		t.Errorf("%d attempts left after a sign-in, want %d", got, strangers)
	}
}
