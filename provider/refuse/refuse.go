package refuse

import (
	"errors"
	"net/http"

	"gatehouse/provider/event"
	"gatehouse/provider/oauth"
	"gatehouse/storage"
)

// JSON answers with the error and emits the event, completed with code, words
// and cause.
func JSON(w http.ResponseWriter, r *http.Request, sink event.Sink, outcome event.Event, err error) {
	shown := AsError(err)
	Emit(r, sink, outcome, shown)
	oauth.WriteError(w, shown)
}

// Emit says what was refused. What is our own fault is an internal error,
// whatever else it was called.
func Emit(r *http.Request, sink event.Sink, outcome event.Event, shown *oauth.Error) {
	if shown.Code == oauth.ServerError {
		outcome.Name = event.InternalError
	}
	outcome.Kind, outcome.Reason, outcome.Err = shown.Code, shown.Description, shown.Unwrap()
	sink.Emit(r.Context(), outcome)
}

// AsError returns the error that the client sees. An outage of the user store
// is one that passes.
func AsError(err error) *oauth.Error {
	var shown *oauth.Error
	if !errors.As(err, &shown) && errors.Is(err, storage.ErrUnavailable) {
		return oauth.NewError(oauth.TemporarilyUnavailable, "the user store cannot be reached").
			WithCause(err).WithHeader("Retry-After", "5")
	}
	return oauth.AsError(err)
}
