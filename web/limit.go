package web

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"

	"gatehouse/provider/oauth"
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
	// mostAttempts is as far as we follow a higher limit: records must not
	// grow without bound.
	mostAttempts = 100
	// attemptsReserve stays unused: for attempts that do not come through us.
	attemptsReserve = 5
	// unlockedAttempts are what Reset gives, out of the reserve: enough for a
	// sign-in with a one-time password.
	unlockedAttempts = 2
	// leastShare is what a sign-in with a one-time password needs, since
	// Directus counts its first step as a failure.
	leastShare = 2
	// attemptsLifetime bounds the records of accounts that may not even exist.
	// Each attempt begins it anew.
	attemptsLifetime = 2 * 365 * 24 * time.Hour
	// emptyLifetime ends a record that says nothing any more. It is not
	// deleted: an attempt that begins meanwhile must not be deleted with it.
	emptyLifetime = time.Second
)

// ErrExhausted says that an account may not be tried any more from where the
// attempt came. It is the same for accounts that do not exist.
var ErrExhausted = errors.New("too many failed sign-ins of the account")

// LimiterConfig is what a Limiter needs.
type LimiterConfig struct {
	Attempts *storage.Table[storage.Attempts]
	// DirectusLimit is auth_login_attempts, zero for none.
	DirectusLimit int
	// AttemptTimeout is how long an attempt may take at most: 30 seconds when
	// zero.
	AttemptTimeout time.Duration
	Now            func() time.Time
}

// Limiter counts the failed sign-ins of accounts. It is safe for concurrent use,
// also by several nodes on one store.
//
// Names that look alike have one budget for strangers, because some databases
// below Directus take them for one account. On others they are several: so a
// sign-in forgives the failures made under its own exact name, for everybody,
// and those made under other names only for attempts under its own. Either way
// the failures of one Directus account since its last success stay below the
// limit: those of strangers within their share of all names that look alike,
// those of known browsers within the share of the account.
type Limiter struct {
	attempts *storage.Table[storage.Attempts]
	now      func() time.Time
	// pending is how long a reservation holds.
	pending          time.Duration
	strangers, known int
	// unlimited says that Directus suspends nobody.
	unlimited bool
}

// NewLimiter returns a Limiter, or an error if Directus's limit leaves no room.
func NewLimiter(config LimiterConfig) (*Limiter, error) {
	if config.DirectusLimit < 0 || config.AttemptTimeout < 0 {
		return nil, errors.New("throttle limits are not negative")
	}
	strangers, known, err := share(config.DirectusLimit)
	if err != nil {
		return nil, err
	}
	return &Limiter{
		attempts: config.Attempts, now: config.Now, strangers: strangers, known: known, unlimited: config.DirectusLimit == 0,
		// An attempt must have ended when its reservation lapses.
		pending: 2 * orDefault(config.AttemptTimeout, attemptTimeout),
	}, nil
}

// share divides what Directus allows into the shares of strangers and of
// browsers that signed in to the account before.
func share(directusLimit int) (strangers, known int, err error) {
	if directusLimit == 0 {
		directusLimit = directusAttempts
	}
	total := min(directusLimit, mostAttempts) - attemptsReserve
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
	record  string
	pending storage.PendingAttempt
	// began is the number of the last failure before it.
	began int
}

// Reserve takes an attempt from the budget before Directus is asked, so that
// attempts at the same time cannot exceed it, or returns ErrExhausted. account
// names what the browser signed in to before under this address, and is empty
// for a stranger. A known browser has the share of its account first, then what
// strangers left. Exactly one of Failed, Succeeded and Refund ends the attempt;
// one that is never ended counts as failed.
func (l *Limiter) Reserve(ctx context.Context, email, account string) (Attempt, error) {
	var attempt Attempt
	err := l.attempts.Upsert(ctx, attemptsName(email), attemptsLifetime, func(a *storage.Attempts) error {
		now, t := l.now(), tally{a}
		t.expire(now)
		pending := storage.PendingAttempt{Until: now.Add(l.pending), Name: nameDigest(email)}
		switch {
		case account != "" && t.knownUsed(pending.Name, account) < l.known && !t.full():
			pending.Account = account
		case t.strangersUsed(pending.Name) >= l.allowed(t, pending.Name):
			return ErrExhausted
		}
		attempt = Attempt{record: attemptsName(email), pending: pending, began: a.Sequence}
		a.Pending = append(a.Pending, pending)
		return nil
	})
	return attempt, err
}

// allowed is the share of strangers, with what an operator added.
func (l *Limiter) allowed(t tally, name string) int {
	if t.known(name).Unlocked {
		return l.strangers + unlockedAttempts
	}
	return l.strangers
}

// Failed ends an attempt that Directus has counted, or may have.
func (l *Limiter) Failed(ctx context.Context, attempt Attempt) error {
	return l.end(ctx, attempt, func(t tally) { t.fail(attempt.pending) })
}

// Refund ends an attempt that Directus cannot have counted.
func (l *Limiter) Refund(ctx context.Context, attempt Attempt) error {
	return l.end(ctx, attempt, func(tally) {})
}

// Succeeded ends an attempt that made Directus begin its count anew. Failures
// that were there when the attempt began are forgiven. Those of attempts that
// ended meanwhile are not: Directus may have counted them after its new
// beginning.
func (l *Limiter) Succeeded(ctx context.Context, attempt Attempt) error {
	return l.end(ctx, attempt, func(t tally) { t.forgive(attempt.pending.Name, attempt.began) })
}

// Reset helps a person who cannot sign in, and returns how many attempts there
// are now for a browser that is not known.
//
// Directus's own count goes on, also after a new password: only a sign-in ends
// it. So Reset forgets nothing; it adds two attempts out of the reserve, once
// until the next sign-in. However often it is called while strangers go on
// guessing, Directus's limit stays three attempts away. Where Directus has no
// limit, Reset is Forget.
func (l *Limiter) Reset(ctx context.Context, email string) (attempts int, err error) {
	return l.change(ctx, email, func(t tally, name string) {
		if l.unlimited {
			t.forgive(name, t.Sequence)
			return
		}
		t.unlock(name)
	})
}

// Forget is for an operator who knows that Directus has begun its count anew,
// and returns how many attempts there are now. Attempts under way go on
// counting.
func (l *Limiter) Forget(ctx context.Context, email string) (attempts int, err error) {
	return l.change(ctx, email, func(t tally, name string) { t.forgive(name, t.Sequence) })
}

func (l *Limiter) change(ctx context.Context, email string, change func(t tally, name string)) (attempts int, err error) {
	attempts = l.strangers
	err = l.update(ctx, attemptsName(email), func(t tally) {
		name := nameDigest(email)
		change(t, name)
		attempts = max(0, l.allowed(t, name)-t.strangersUsed(name))
	})
	return attempts, err
}

func (l *Limiter) end(ctx context.Context, attempt Attempt, change func(tally)) error {
	return l.update(ctx, attempt.record, func(t tally) {
		// One that took longer than allowed became a failure by itself.
		if t.take(attempt.pending) {
			change(t)
		}
	})
}

// update changes a record; one that does not exist has nothing to change.
func (l *Limiter) update(ctx context.Context, name string, change func(tally)) error {
	for {
		record, err := l.attempts.Get(ctx, name)
		if err == nil {
			t := tally{&record.Value}
			t.expire(l.now())
			change(t)
			t.tidy()
			if t.empty() {
				err = l.attempts.SwapFor(ctx, record, record.Value, emptyLifetime)
			} else {
				err = l.attempts.Swap(ctx, record, record.Value)
			}
		}
		switch {
		case errors.Is(err, storage.ErrConflict):
			continue
		case err != nil && !errors.Is(err, storage.ErrNotFound):
			return fmt.Errorf("count sign-in attempts: %w", err)
		}
		return nil
	}
}

// attemptsName names the record of all accounts that look alike. Some databases
// below Directus take "é" for "e" when they look an address up (MySQL,
// utf8mb4_0900_ai_ci). If we did not, each spelling would have a budget of its
// own, all at the expense of one account.
func attemptsName(email string) string {
	collator := collate.New(language.Und, collate.Loose)
	return string(collator.KeyFromString(&collate.Buffer{}, strings.ToLower(strings.TrimSpace(email))))
}

// nameDigest names an exact name inside a record, and in the device cookie.
func nameDigest(email string) string { return digest("name\x00" + storage.AccountName(email)) }

// accountDigest names an account of Directus there.
func accountDigest(id string) string { return digest("account\x00" + id) }

func digest(text string) string {
	return base64.RawURLEncoding.EncodeToString(oauth.Digest(text)[:16])
}
