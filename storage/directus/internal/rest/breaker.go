package rest

import (
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/sony/gobreaker/v2"
)

// maxHold bounds how long a 429 is obeyed: its header is Directus's, or that of
// whatever stands before it.
const maxHold = time.Minute

// breaker leaves a Directus alone that does not answer, so that nobody waits for
// it: after some failures in a row requests are refused at once, until a pause is
// over and a single one has been answered.
//
// The library counts and lets the single request through. It knows no clock but
// the machine's, so the pause is kept here: as long as it lasts the library is
// not asked.
type breaker struct {
	circuit *gobreaker.TwoStepCircuitBreaker[struct{}]
	pause   time.Duration
	now     func() time.Time
	changed func(away bool)

	mu sync.Mutex
	// pausedUntil is when the next request may try, heldUntil when the next look
	// of ours may follow one that was answered 429.
	pausedUntil, heldUntil time.Time
}

// newBreaker returns nil, which lets everything through, where failures is 0.
func newBreaker(config Config) *breaker {
	if config.BreakerFailures == 0 {
		return nil
	}
	b := &breaker{pause: config.BreakerPause, now: config.Now, changed: config.Changed}
	b.circuit = gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		// The shortest there is: the pause is ours.
		Timeout: 1,
		ReadyToTrip: func(counts gobreaker.Counts) bool {
			return counts.ConsecutiveFailures >= uint32(config.BreakerFailures) //nolint:gosec // bounded by the configuration
		},
		IsSuccessful:  func(err error) bool { return judge(err) == answered },
		IsExcluded:    func(err error) bool { return judge(err) == unclear },
		OnStateChange: b.turned,
	})
	return b
}

// turned is called while the library holds its lock.
func (b *breaker) turned(_ string, from, to gobreaker.State) {
	if to == gobreaker.StateOpen {
		b.mu.Lock()
		b.pausedUntil = b.now().Add(b.pause)
		b.mu.Unlock()
	}
	switch {
	case b.changed == nil:
	case from == gobreaker.StateClosed && to == gobreaker.StateOpen:
		b.changed(true)
	case to == gobreaker.StateClosed:
		b.changed(false)
	}
}

// refusal says why the request is not to be sent now, or nothing.
func (b *breaker) refusal(request Request) *FailureError {
	if b == nil {
		return nil
	}
	if left := b.away(); left > 0 {
		return &FailureError{Name: request.Name, RetryAfter: left, reason: "directus did not answer and is left alone"}
	}
	b.mu.Lock()
	held := b.heldUntil.Sub(b.now())
	b.mu.Unlock()
	if ours(request) && held > 0 && held <= maxHold {
		return &FailureError{Name: request.Name, RetryAfter: held, reason: "directus asked to be left alone"}
	}
	return nil
}

// away is how long Directus is still left alone. A clock that was set back must
// not make that longer.
func (b *breaker) away() time.Duration {
	if b == nil {
		return 0
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if left := b.pausedUntil.Sub(b.now()); left > 0 && left <= b.pause {
		return left
	}
	return 0
}

// guard sends a request if it may be sent, and learns from what comes of it.
func (b *breaker) guard(request Request, send func() (Answer, error)) (answer Answer, err error) {
	if b == nil {
		return send()
	}
	if refusal := b.refusal(request); refusal != nil {
		return Answer{}, refusal
	}
	tell, refused := b.circuit.Allow()
	if refused != nil {
		return Answer{}, &FailureError{Name: request.Name, RetryAfter: time.Second, reason: "directus did not answer and is being tried"}
	}
	// The library waits for a word of every request, also of one that panics.
	outcome := errUnfinished
	defer func() { tell(outcome) }()
	answer, err = send()
	b.obey(request, err)
	if !request.Picture || !overtaxed(err) {
		outcome = err
	}
	return answer, err
}

// overtaxed says that an answer took too long to be made, or was put off.
func overtaxed(err error) bool {
	if failure, ok := errors.AsType[*FailureError](err); ok {
		return failure.TimedOut
	}
	return Status(err) == http.StatusServiceUnavailable && Code(err) != ""
}

var errUnfinished = errors.New("the request was not finished")

// obey notes that Directus limits our own address.
func (b *breaker) obey(request Request, outcome error) {
	refusal, ok := errors.AsType[*RefusalError](outcome)
	if !ok || refusal.Status != http.StatusTooManyRequests || refusal.RetryAfter == 0 || !ours(request) {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.heldUntil = b.now().Add(min(refusal.RetryAfter, maxHold))
}

// ours says that nobody but ourselves is behind the request. What strangers
// cause is limited by their addresses: holding everybody back because of that
// would let one of them close the door.
func ours(request Request) bool {
	return !request.Login && request.Header.Get("X-Forwarded-For") == ""
}

// verdict is what an outcome says about whether Directus answers.
type verdict int

const (
	unclear verdict = iota
	answered
	failed
)

// judge tells Directus's answers from what comes instead of them. Its 500 is an
// answer: strangers can cause it (Directus 10 has no other for the bad token of a
// mail), and nobody waits for it. That it is under pressure (503) is none.
func judge(err error) verdict {
	if err == nil {
		return answered
	}
	if failure, ok := errors.AsType[*FailureError](err); ok {
		if failure.TooLarge {
			return unclear
		}
		return failed
	}
	refusal, ok := errors.AsType[*RefusalError](err)
	switch {
	case !ok: // whoever asked went away
		return unclear
	case refusal.Status == http.StatusServiceUnavailable, refusal.Status >= http.StatusInternalServerError && refusal.Code == "":
		return failed
	case refusal.Code != "", refusal.Status == http.StatusTooManyRequests:
		return answered
	}
	return unclear
}
