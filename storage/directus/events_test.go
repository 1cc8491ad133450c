package directus_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"gatehouse/storage/directus"
)

const eventsUser = "0b2c3d4e-0000-4000-8000-000000000001"

// socket is one connection of a Directus that a test plays.
type socket struct {
	t          *testing.T
	connection *websocket.Conn
}

func (s socket) send(text string) {
	s.t.Helper()
	if err := s.connection.Write(s.t.Context(), websocket.MessageText, []byte(text)); err != nil {
		s.t.Error(err)
	}
}

func (s socket) receive() map[string]any {
	s.t.Helper()
	_, raw, err := s.connection.Read(s.t.Context())
	if err != nil {
		return nil
	}
	var message map[string]any
	if err := json.Unmarshal(raw, &message); err != nil {
		s.t.Error(err)
	}
	return message
}

// greet lets the client in.
func (s socket) greet() {
	s.t.Helper()
	if auth := s.receive(); auth["type"] != "auth" || auth["access_token"] != "service-token" {
		s.t.Errorf("the client begins by %v", auth["type"])
	}
	s.send(`{"type":"auth","status":"ok"}`)
	for _, kind := range []string{"update", "delete"} {
		if message := s.receive(); message["event"] != kind || message["collection"] != "directus_users" {
			s.t.Errorf("the client subscribes to %v", message)
		}
		s.send(`{"type":"subscription","event":"init","uid":"` + kind + `"}`)
	}
}

// play runs Events against connections that are played in turn, and returns what
// was told, when the last one has been.
func play(t *testing.T, log *bytes.Buffer, plays ...func(socket)) []string {
	t.Helper()
	sockets := make(chan socket)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/websocket" || strings.Contains(r.URL.RawQuery, "token") {
			t.Errorf("asked for %s", r.URL)
		}
		connection, err := websocket.Accept(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		done := make(chan struct{})
		s := socket{t, connection}
		sockets <- s
		go func() { defer close(done); <-r.Context().Done() }()
		<-done
	}))
	t.Cleanup(server.Close)
	var told []string
	ctx, stop := context.WithCancel(t.Context())
	events, err := directus.NewEvents(directus.EventsConfig{
		BaseURL: server.URL, ServiceToken: "service-token", Now: time.Now, Random: rand.Reader,
		Named:  func(ids ...string) { told = append(told, strings.Join(ids, " ")) },
		Missed: func() { told = append(told, "missed") },
		Sleep: func(ctx context.Context, d time.Duration) error {
			if d < 30*time.Second { // between connections
				return ctx.Err()
			}
			<-ctx.Done()
			return ctx.Err()
		},
		Logger: slog.New(slog.NewTextHandler(log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	finished := make(chan struct{})
	go func() { defer close(finished); events.Run(ctx) }()
	for _, one := range plays {
		s := <-sockets
		one(s)
		_ = s.connection.CloseNow()
	}
	go func() {
		for range sockets { //nolint:revive // those that come after the end
		}
	}()
	stop()
	<-finished
	return told
}

// What Directus sends is read for ids alone; whatever else it holds goes nowhere.
func TestEventsNameUsers(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	told := play(t, &log, func(s socket) {
		s.greet()
		s.send(`{"type":"ping"}`)
		if message := s.receive(); message["type"] != "pong" {
			t.Errorf("a ping is answered by %v", message)
		}
		s.send(`{"type":"subscription","event":"update","uid":"update","data":[{"id":"` + eventsUser + `","email":"ada@example.com","password":"secret horse"}]}`)
		s.send(`{"type":"subscription","event":"delete","uid":"delete","data":["` + eventsUser + `"]}`)
		s.send(`{"type":"subscription","event":"update","uid":"update","data":{"odd":true}}`)
		s.send(`{"type":"items","data":[{"id":"` + eventsUser + `"}]}`)
		s.send(`{"type":"ping"}`)
		s.receive()
	}, func(s socket) { s.greet() })
	want := "missed," + eventsUser + "," + eventsUser + ",missed"
	// Run may be stopped before it has taken note of the second connection.
	if got := strings.Join(told, ","); got != want && got != want+",missed" {
		t.Errorf("told %s, want %s", got, want)
	}
	for _, secret := range []string{"horse", "ada@example.com", "service-token", eventsUser} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
}

// A token that is refused, and a message that is none, end the connection; the
// next one is tried, and what was missed is looked for.
func TestEventsConnectAgain(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	told := play(t, &log,
		func(s socket) {
			s.receive()
			s.send(`{"type":"auth","status":"error","error":{"code":"AUTH_FAILED","message":"for service-token"}}`)
			s.receive()
		},
		func(s socket) { s.greet(); s.send("not a message: secret horse"); s.receive() },
		func(s socket) {
			s.greet()
			s.send(`{"type":"subscription","event":"update","uid":"update","data":[{"id":"` + eventsUser + `"}]}`)
			s.send(`{"type":"ping"}`)
			s.receive()
		},
	)
	if got := strings.Join(told, ","); got != "missed,missed,"+eventsUser {
		t.Errorf("told %s", got)
	}
	if strings.Contains(log.String(), "horse") || strings.Contains(log.String(), "service-token") {
		t.Errorf("the log holds a secret:\n%s", log.String())
	}
}

// Directus that cannot tell of one change says so and goes on: with nothing but
// that to hear, nobody would be told of any.
func TestEventsConnectAgainAfterAnError(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	told := play(t, &log,
		func(s socket) {
			s.greet()
			s.send(`{"type":"subscribe","status":"error","uid":"update","error":{"code":"FORBIDDEN","message":"secret horse"}}`)
			s.receive()
		},
		func(s socket) { s.greet(); s.send(`{"type":"ping"}`); s.receive() },
	)
	if got := strings.Join(told, ","); got != "missed,missed" {
		t.Errorf("told %s", got)
	}
	if !strings.Contains(log.String(), "does not tell of changes") || strings.Contains(log.String(), "horse") {
		t.Errorf("the log says:\n%s", log.String())
	}
}

func TestEventsNeedEncryption(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]error{
		"https://directus.example.com": nil, "http://127.0.0.1:8055": nil, "http://[::1]:8055": nil, "http://localhost:8055/cms": nil,
		"http://directus:8055": directus.ErrPlainWebSocket, "http://10.0.0.1": directus.ErrPlainWebSocket, "http://localhost.example.com": directus.ErrPlainWebSocket,
	} {
		_, err := directus.NewEvents(directus.EventsConfig{
			BaseURL: address, ServiceToken: "service-token", Now: time.Now, Random: rand.Reader,
			Named: func(...string) {}, Missed: func() {}, Sleep: func(context.Context, time.Duration) error { return nil },
		})
		if !errors.Is(err, want) {
			t.Errorf("%s: error %v, want %v", address, err, want)
		}
	}
}
