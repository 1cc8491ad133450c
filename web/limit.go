package web

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"

	"gatehouse/storage"
)

// Directus suspends a user for good at the attempt after auth_login_attempts
// failures, and its count never ends by itself. Whoever knows an e-mail address
// could do that to a person through us, however slowly; so we count the same
// attempts, as long as Directus does, and stop before it would.
const (
	// directusAttempts is Directus's default, and our measure where Directus
	// has no limit of its own.
	directusAttempts = 25
	// attemptsReserve stays unused: for attempts that do not come through us.
	attemptsReserve = 5
	// leastShare is what a sign-in with a one-time password needs, since
	// Directus counts its first step as a failure.
	leastShare = 2
	// attemptsLifetime bounds the records of accounts that may not even exist.
	// Each attempt begins it anew.
	attemptsLifetime = 2 * 365 * 24 * time.Hour
)

// ErrExhausted says that an account may not be tried any more from where the
// attempt came. It is the same for accounts that do not exist.
var ErrExhausted = errors.New("too many failed sign-ins of the account")

// Limiter counts the failed sign-ins of accounts. It is safe for concurrent use,
// also by several nodes on one store.
type Limiter struct {
	attempts *storage.Table[storage.Attempts]
	now      func() time.Time
	// pending is how long an attempt may take at most.
	pending          time.Duration
	strangers, known int
}

// share divides what Directus allows into the shares of strangers and of
// browsers that signed in to the account before.
func share(directusLimit int) (strangers, known int, err error) {
	if directusLimit == 0 {
		directusLimit = directusAttempts
	}
	total := directusLimit - attemptsReserve
	known = max(total/4, leastShare)
	strangers = total - known
	if strangers < leastShare {
		return 0, 0, fmt.Errorf("auth_login_attempts of Directus is %d: sign-in needs at least %d, or no limit there",
			directusLimit, attemptsReserve+2*leastShare)
	}
	return strangers, known, nil
}

// Attempt is a reserved attempt that has not ended yet.
type Attempt struct {
	name  string
	known bool
	until time.Time
	// What stood in the record when the attempt was reserved.
	successes                          int
	failuresOfStrangers, failuresKnown int
}

// Reserve takes an attempt from the budget before Directus is asked, so that
// attempts at the same time cannot exceed it, or returns ErrExhausted. A known
// browser has the share of its own first, then what strangers left. Exactly one
// of Failed, Succeeded and Refund ends the attempt; one that is never ended
// counts as failed.
func (l *Limiter) Reserve(ctx context.Context, email string, known bool) (Attempt, error) {
	var attempt Attempt
	err := l.attempts.Upsert(ctx, attemptsName(email), attemptsLifetime, func(a *storage.Attempts) error {
		now := l.now()
		expire(&a.Known, now)
		expire(&a.Strangers, now)
		attempt = Attempt{
			name: attemptsName(email), until: now.Add(l.pending), successes: a.Successes,
			failuresKnown: a.Known.Failures, failuresOfStrangers: a.Strangers.Failures,
		}
		if known && used(a.Known) < l.known {
			attempt.known = true
			a.Known.Pending = append(a.Known.Pending, attempt.until)
			return nil
		}
		if used(a.Strangers) < l.strangers {
			a.Strangers.Pending = append(a.Strangers.Pending, attempt.until)
			return nil
		}
		return ErrExhausted
	})
	return attempt, err
}

// Failed ends an attempt that Directus has counted, or may have.
func (l *Limiter) Failed(ctx context.Context, attempt Attempt) error {
	return l.end(ctx, attempt, func(_ *storage.Attempts, count *storage.AttemptCount) { count.Failures++ })
}

// Refund ends an attempt that Directus cannot have counted.
func (l *Limiter) Refund(ctx context.Context, attempt Attempt) error {
	return l.end(ctx, attempt, func(*storage.Attempts, *storage.AttemptCount) {})
}

// Succeeded ends an attempt that made Directus begin its count anew. Failures
// that were there when the attempt began are forgotten. Those of attempts that
// ended meanwhile are not: Directus may have counted them after its new
// beginning.
func (l *Limiter) Succeeded(ctx context.Context, attempt Attempt) error {
	return l.end(ctx, attempt, func(a *storage.Attempts, _ *storage.AttemptCount) {
		if a.Successes != attempt.successes {
			return // another success has forgotten them already
		}
		a.Successes++
		a.Known.Failures = max(0, a.Known.Failures-attempt.failuresKnown)
		a.Strangers.Failures = max(0, a.Strangers.Failures-attempt.failuresOfStrangers)
	})
}

// Reset forgets the failures of an account whose password was just set anew.
// Attempts under way go on counting.
func (l *Limiter) Reset(ctx context.Context, email string) error {
	err := l.attempts.Update(ctx, attemptsName(email), func(a *storage.Attempts) error {
		a.Successes++
		a.Known.Failures, a.Strangers.Failures = 0, 0
		return nil
	})
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	return wrapLimit(err)
}

func (l *Limiter) end(ctx context.Context, attempt Attempt, change func(*storage.Attempts, *storage.AttemptCount)) error {
	err := l.attempts.Update(ctx, attempt.name, func(a *storage.Attempts) error {
		count := &a.Strangers
		if attempt.known {
			count = &a.Known
		}
		i := slices.IndexFunc(count.Pending, attempt.until.Equal)
		if i < 0 {
			// It took longer than allowed and became a failure by itself.
			return nil
		}
		count.Pending = slices.Delete(count.Pending, i, i+1)
		change(a, count)
		return nil
	})
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	return wrapLimit(err)
}

func wrapLimit(err error) error {
	if err != nil {
		return fmt.Errorf("count sign-in attempts: %w", err)
	}
	return nil
}

// expire turns pending attempts that were never ended into failures.
func expire(count *storage.AttemptCount, now time.Time) {
	before := len(count.Pending)
	count.Pending = slices.DeleteFunc(count.Pending, func(until time.Time) bool { return !now.Before(until) })
	count.Failures += before - len(count.Pending)
}

func used(count storage.AttemptCount) int { return count.Failures + len(count.Pending) }

// attemptsName names the attempts on an account. Some databases below Directus
// take "é" for "e" when they look an address up (MySQL, utf8mb4_0900_ai_ci). If
// we did not, each spelling would have a budget of its own, all at the expense
// of one account. Merging too much only shares a budget.
func attemptsName(email string) string {
	collator := collate.New(language.Und, collate.Loose)
	return string(collator.KeyFromString(&collate.Buffer{}, storage.AccountName(email)))
}
