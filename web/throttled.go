package web

import (
	"errors"
	"math"
	"net/http"
	"strconv"

	"gatehouse/provider/authorize"
	"gatehouse/provider/event"
)

// attemptFor is what an attempt was made for, and the ways on from it.
type attemptFor struct {
	clientID string
	// back leads to another try, and other to another account.
	back, other string
	again       authorize.StartAgain
}

// throttled shows that an attempt for a waiting request was not made because too
// many failed before, and whether that was so.
func (s *screens) throttled(w http.ResponseWriter, r *http.Request, interaction *authorize.Interaction, err error) bool {
	return s.tooMany(w, r, attemptFor{
		clientID: interaction.Client.ID, back: s.prefix + "/login" + here(r, "", ""), other: s.prefix + "/login" + here(r, "other", "1"),
		again: s.interactions.StartAgain(r),
	}, err)
}

// tooMany shows that an attempt was not made because too many failed before, and
// whether that was so. The page is the same whether the account exists.
func (web *Web) tooMany(w http.ResponseWriter, r *http.Request, attempt attemptFor, err error) bool {
	var address *addressThrottledError
	switch {
	case errors.As(err, &address):
		web.sink.Emit(r.Context(), event.Event{Name: event.SignInThrottled, ClientID: attempt.clientID, Kind: "address"})
		seconds := int(math.Ceil(address.retryAfter.Seconds()))
		w.Header().Set("Retry-After", strconv.Itoa(seconds))
		kind := errorKind{name: "address", code: "too_many_attempts", minutes: (seconds + 59) / 60, retry: attempt.back}
		web.showError(w, r, http.StatusTooManyRequests, kind, attempt.again)
		return true
	case errors.Is(err, ErrExhausted):
		web.sink.Emit(r.Context(), event.Event{Name: event.SignInThrottled, ClientID: attempt.clientID, Kind: "account"})
		// No Retry-After: time alone does not end this.
		kind := errorKind{name: "exhausted", code: "too_many_attempts", retry: attempt.other}
		web.showError(w, r, http.StatusTooManyRequests, kind, attempt.again)
		return true
	}
	return false
}
