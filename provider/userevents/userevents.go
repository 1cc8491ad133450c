package userevents

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"regexp"
	"sync"
	"time"

	"github.com/go-chi/chi/v5"

	"gatehouse/provider/event"
	"gatehouse/storage"
)

const (
	// Path is where the endpoint is found below the issuer.
	Path = "/directus/events"
	// SecretHeader holds the secret of the Flow.
	SecretHeader = "Gatehouse-Flow-Secret" //nolint:gosec // a name
	// Password is what a body says has changed, where that is the password.
	Password = "password"

	// maxIDs and maxBody bound one call, callsPerSecond all calls that bring the
	// secret. Where a call goes beyond, everybody is looked at instead. No look finds
	// another password: of calls that say so too many are taken all the same, and one
	// that names too many is told of as refused.
	maxIDs         = 100
	maxBody        = 8 << 10
	callsPerSecond = 20
)

// Users are told of. *watch.Watch satisfies it.
type Users interface {
	Named(ids ...string)
	PasswordChanged(ids ...string)
	Everybody()
}

// Config is what an Endpoint needs.
type Config struct {
	// Secret is what the Flow proves itself by; if empty there is no endpoint.
	Secret storage.Secret
	Users  Users
	Now    func() time.Time
	Sink   event.Sink
}

// Endpoint is safe for concurrent use.
type Endpoint struct {
	Config

	mu sync.Mutex
	// second is the one in which calls came.
	second int64
	calls  int
}

// New returns the endpoint.
func New(config Config) *Endpoint { return &Endpoint{Config: config} }

// Mount adds the route, if there is a secret.
func (e *Endpoint) Mount(router chi.Router) {
	if e.Secret != "" {
		router.Handle(Path, e)
	}
}

// body is what the Flow sends.
type body struct {
	Keys []string `json:"keys"`
	// Changed names a column that no look at the user could tell.
	Changed string `json:"changed"`
}

// ServeHTTP answers before anybody is looked at. A caller without the secret
// learns nothing, not even how its body was wrong.
func (e *Endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	if !e.authentic(r.Header.Values(SecretHeader)) {
		e.Sink.Emit(r.Context(), event.Event{Name: event.UserEventRefused, Reason: "the secret of the Flow is missing or wrong"})
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	told, err := read(http.MaxBytesReader(w, r.Body, maxBody))
	switch {
	case !e.admit():
		// Whoever may change his own row could drown a change of the password in
		// changes of that.
		if err == nil && told.Changed == Password {
			e.Users.PasswordChanged(told.Keys...)
		} else {
			e.Users.Everybody()
		}
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusTooManyRequests)
		return
	case errors.Is(err, errTooMany):
		if told.Changed == Password {
			e.Sink.Emit(r.Context(), event.Event{Name: event.UserEventRefused, Reason: "the Flow named more users with another password than one call takes: their sessions go on; gatehouse doctor --administrator tells why"})
		}
		e.Users.Everybody()
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	case err != nil:
		e.Sink.Emit(r.Context(), event.Event{Name: event.UserEventRefused, Reason: "the Flow sent something else than keys"})
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if told.Changed == Password {
		e.Users.PasswordChanged(told.Keys...)
	} else {
		e.Users.Named(told.Keys...)
	}
	w.WriteHeader(http.StatusNoContent)
}

// authentic compares digests, so that the time tells not even the length.
func (e *Endpoint) authentic(presented []string) bool {
	if len(presented) != 1 {
		return false
	}
	want, got := sha256.Sum256([]byte(e.Secret.Reveal())), sha256.Sum256([]byte(presented[0]))
	return subtle.ConstantTimeCompare(want[:], got[:]) == 1
}

// admit counts the calls of this second. Strangers do not count: they could keep
// the Flow out.
func (e *Endpoint) admit() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if now := e.Now().Unix(); now != e.second {
		e.second, e.calls = now, 0
	}
	e.calls++
	return e.calls <= callsPerSecond
}

var (
	errTooMany = errors.New("too many users in one call")
	errBody    = errors.New("malformed body")

	// userID is the only form that directus_users.id takes.
	userID = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
)

// passwordFirst is how a body begins that says of all whom it names that they have
// another password, as far as it can be read.
const passwordFirst = `{"changed":"` + Password + `"`

// read returns errTooMany with what is known of the body but its keys.
func read(r io.Reader) (body, error) {
	raw, err := io.ReadAll(r)
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		if bytes.HasPrefix(raw, []byte(passwordFirst)) {
			return body{Changed: Password}, errTooMany
		}
		return body{}, errTooMany
	}
	var told body
	if err != nil || json.Unmarshal(raw, &told) != nil || len(told.Keys) == 0 || told.Changed != "" && told.Changed != Password {
		return body{}, errBody
	}
	if len(told.Keys) > maxIDs {
		return body{Changed: told.Changed}, errTooMany
	}
	for _, id := range told.Keys {
		if !userID.MatchString(id) {
			return body{}, errBody
		}
	}
	return told, nil
}
