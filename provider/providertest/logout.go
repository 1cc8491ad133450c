package providertest

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
)

// Deliver tells apps of the sessions that have ended, and returns when each has
// been told once.
func (s *Server) Deliver(t testing.TB) {
	t.Helper()
	if err := s.Provider.Deliveries().Deliver(t.Context()); err != nil {
		t.Fatalf("deliver: %v", err)
	}
}

// Listener is where an app hears of the end of sessions.
type Listener struct {
	// URI is to be registered as backchannel_logout_uri.
	URI string

	mu    sync.Mutex
	heard []url.Values
}

// NewListener starts a listener that stops with the test.
func NewListener(t testing.TB) *Listener {
	t.Helper()
	l := &Listener{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil || r.Method != http.MethodPost {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		l.heard = append(l.heard, r.Form)
	}))
	t.Cleanup(server.Close)
	l.URI = server.URL + "/logout"
	return l
}

// Heard are the parameters of each request, in order.
func (l *Listener) Heard() []url.Values {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]url.Values(nil), l.heard...)
}
