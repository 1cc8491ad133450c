package server_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/cmd/gatehouse/server"
	"gatehouse/provider/event"
)

// clock stands still until it is moved.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// pass lets more time go by than an answer is remembered for.
func (c *clock) pass() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(10 * time.Second)
}

func newClock() *clock { return &clock{now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)} }

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

func get(t testing.TB, handler http.Handler, path string) *httptest.ResponseRecorder {
	t.Helper()
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	return recorder
}

func TestAccessLogHoldsNoQuery(t *testing.T) {
	var log bytes.Buffer
	middleware := server.Middleware{Logger: slog.New(slog.NewJSONHandler(&log, nil)), Now: newClock().Now, Random: rand.Reader}
	handler := middleware.Chain(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if event.RequestOf(r.Context()).ID == "" || event.RequestOf(r.Context()).ClientAddress != "192.0.2.1" {
			t.Errorf("the context does not know the request: %+v", event.RequestOf(r.Context()))
		}
		w.WriteHeader(http.StatusTeapot)
		_, _ = io.WriteString(w, "tea")
	}))
	answer := get(t, handler, "/authorize/a-handle?code=a-secret")
	var line map[string]any
	if err := json.Unmarshal(log.Bytes(), &line); err != nil {
		t.Fatal(err)
	}
	if line["path"] != "/authorize/…" || line["status"] != float64(http.StatusTeapot) || line["bytes"] != float64(3) {
		t.Errorf("got %v", line)
	}
	if line["request_id"] == "" || line["request_id"] != answer.Header().Get("X-Request-Id") {
		t.Errorf("the answer's id is %q, the log's %v", answer.Header().Get("X-Request-Id"), line["request_id"])
	}
	if strings.Contains(log.String(), "a-secret") || strings.Contains(log.String(), "a-handle") {
		t.Errorf("the log shows too much: %s", log.String())
	}
}

// A header of a stranger must not fill the log.
func TestAccessLogClipsTheUserAgent(t *testing.T) {
	var log bytes.Buffer
	middleware := server.Middleware{Logger: slog.New(slog.NewJSONHandler(&log, nil)), Now: newClock().Now, Random: rand.Reader}
	handler := middleware.Chain(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	r.Header.Set("User-Agent", "browser "+strings.Repeat("x", 60_000))
	handler.ServeHTTP(httptest.NewRecorder(), r)
	if !strings.Contains(log.String(), "browser xxx") || log.Len() > 1000 {
		t.Errorf("a line of %d bytes", log.Len())
	}
}

func TestPanicIsAnsweredAndLogged(t *testing.T) {
	var log bytes.Buffer
	middleware := server.Middleware{Logger: slog.New(slog.NewTextHandler(&log, nil)), Now: newClock().Now, Random: rand.Reader}
	handler := middleware.Chain(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("broken") }))
	if answer := get(t, handler, "/"); answer.Code != http.StatusInternalServerError || strings.Contains(answer.Body.String(), "broken") {
		t.Errorf("got %d %q", answer.Code, answer.Body)
	}
	if !strings.Contains(log.String(), "cause=broken") || !strings.Contains(log.String(), "status=500") {
		t.Errorf("got %s", log.String())
	}
}

func TestProbes(t *testing.T) {
	clock := newClock()
	failing, asked := errors.New("dial tcp 10.1.2.3: refused"), 0
	var result error
	probes := server.NewProbes(clock.Now, discard(), server.Check{
		Name: "directus", Fresh: 10 * time.Second, Ask: func(context.Context) error { asked++; return result },
	})
	handler := probes.Around(http.NotFoundHandler())

	if got := get(t, handler, "/readyz"); got.Code != http.StatusOK || !strings.Contains(got.Body.String(), `"directus":"ok"`) {
		t.Errorf("ready: got %d %s", got.Code, got.Body)
	}
	result = failing
	if got := get(t, handler, "/readyz"); got.Code != http.StatusOK || asked != 1 {
		t.Errorf("within the time an answer is fresh: got %d after %d questions", got.Code, asked)
	}
	clock.pass()
	got := get(t, handler, "/readyz")
	if got.Code != http.StatusServiceUnavailable || strings.Contains(got.Body.String(), "10.1.2.3") {
		t.Errorf("failing: got %d %s", got.Code, got.Body)
	}
	if got := get(t, handler, "/healthz"); got.Code != http.StatusOK {
		t.Errorf("live while not ready: got %d", got.Code)
	}
	if got := get(t, handler, "/other"); got.Code != http.StatusNotFound {
		t.Errorf("another path: got %d", got.Code)
	}
	result = nil
	clock.pass()
	if got := get(t, handler, "/readyz"); got.Code != http.StatusOK {
		t.Errorf("ready again: got %d", got.Code)
	}
	probes.Stop()
	if got := get(t, handler, "/readyz"); got.Code != http.StatusServiceUnavailable || !strings.Contains(got.Body.String(), "stopping") {
		t.Errorf("stopping: got %d %s", got.Code, got.Body)
	}
}

func TestStopLetsRequestsEnd(t *testing.T) {
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	arrived, release, stopping := make(chan struct{}), make(chan struct{}), make(chan struct{})
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() {
		served <- server.Serve(ctx, server.Config{
			Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				close(arrived)
				<-release
				_, _ = io.WriteString(w, "done")
			}),
			Listener: listener, Patience: time.Minute, Logger: discard(), Stopping: func() { close(stopping) },
		})
	}()
	answered := make(chan string, 1)
	go func() {
		request, err := http.NewRequestWithContext(context.WithoutCancel(ctx), http.MethodGet, "http://"+listener.Addr().String(), nil)
		if err != nil {
			answered <- err.Error()
			return
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			answered <- err.Error()
			return
		}
		defer func() { _ = response.Body.Close() }()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			answered <- err.Error()
			return
		}
		answered <- string(body)
	}()
	<-arrived
	stop()
	<-stopping
	close(release)
	if got := <-answered; got != "done" {
		t.Errorf("the request under way got %q", got)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
}
