package web

import (
	"errors"
	"math"
	"net/http"
	"strconv"

	"gatehouse/provider/authorize"
	"gatehouse/provider/event"
)

// throttled shows that an attempt was not made because too many failed before,
// and whether that was so. The page is the same whether the account exists.
func (s *screens) throttled(w http.ResponseWriter, r *http.Request, interaction *authorize.Interaction, err error) bool {
	var address *addressThrottledError
	switch {
	case errors.As(err, &address):
		s.sink.Emit(r.Context(), event.Event{Name: event.SignInThrottled, ClientID: interaction.Client.ID, Kind: "address"})
		seconds := int(math.Ceil(address.retryAfter.Seconds()))
		w.Header().Set("Retry-After", strconv.Itoa(seconds))
		kind := errorKind{name: "address", code: "too_many_attempts", minutes: (seconds + 59) / 60, retry: s.prefix + "/login" + here(r, "", "")}
		s.showError(w, r, http.StatusTooManyRequests, kind, s.interactions.StartAgain(r))
		return true
	case errors.Is(err, ErrExhausted):
		s.sink.Emit(r.Context(), event.Event{Name: event.SignInThrottled, ClientID: interaction.Client.ID, Kind: "account"})
		// No Retry-After: time alone does not end this.
		kind := errorKind{name: "exhausted", code: "too_many_attempts", retry: s.prefix + "/login" + here(r, "other", "1")}
		s.showError(w, r, http.StatusTooManyRequests, kind, s.interactions.StartAgain(r))
		return true
	}
	return false
}
