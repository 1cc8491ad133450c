package userevents_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/go-cmp/cmp"

	"gatehouse/provider/event"
	"gatehouse/provider/providertest"
	"gatehouse/provider/userevents"
	"gatehouse/storage"
)

const (
	secret = "a secret of the Flow that nobody guesses"
	user   = "0b2c3d4e-0000-4000-8000-000000000001"
)

// told is what the endpoint made of a call.
type told struct{ calls []string }

func (t *told) Named(ids ...string) { t.calls = append(t.calls, "named "+strings.Join(ids, " ")) }
func (t *told) PasswordChanged(ids ...string) {
	t.calls = append(t.calls, "password "+strings.Join(ids, " "))
}
func (t *told) Everybody() { t.calls = append(t.calls, "everybody") }

func keys(count int) string {
	ids := make([]string, count)
	for i := range ids {
		ids[i] = fmt.Sprintf(`"00000000-0000-4000-8000-%012d"`, i)
	}
	return `{"keys":[` + strings.Join(ids, ",") + `]}`
}

// passwords is keys of users with another password, as the Flow writes it.
func passwords(count int) string {
	return `{"changed":"password",` + strings.TrimPrefix(keys(count), "{")
}

func TestFlowTells(t *testing.T) {
	one := `{"keys":["` + user + `"]}`
	for _, test := range []struct {
		name, method, secret, body string
		want                       int
		told                       []string
	}{
		{"update", http.MethodPost, secret, one, http.StatusNoContent, []string{"named " + user}},
		{"password", http.MethodPost, secret, `{"keys":["` + user + `"],"changed":"password"}`, http.StatusNoContent, []string{"password " + user}},
		{"without a secret", http.MethodPost, "", one, http.StatusUnauthorized, nil},
		{"wrong secret", http.MethodPost, secret + "s", one, http.StatusUnauthorized, nil},
		{"wrong secret, wrong body", http.MethodPost, "s", "{", http.StatusUnauthorized, nil},
		{"get", http.MethodGet, secret, "", http.StatusMethodNotAllowed, nil},
		{"no body", http.MethodPost, secret, "", http.StatusBadRequest, nil},
		{"no keys", http.MethodPost, secret, `{"keys":[]}`, http.StatusBadRequest, nil},
		{"no user", http.MethodPost, secret, `{"keys":["1"]}`, http.StatusBadRequest, nil},
		{"another column", http.MethodPost, secret, `{"keys":["` + user + `"],"changed":"status"}`, http.StatusBadRequest, nil},
		{"not JSON", http.MethodPost, secret, "keys=" + user, http.StatusBadRequest, nil},
		{"a hundred and one", http.MethodPost, secret, keys(101), http.StatusRequestEntityTooLarge, []string{"everybody"}},
		{"a large body", http.MethodPost, secret, keys(1000), http.StatusRequestEntityTooLarge, []string{"everybody"}},
		{"passwords of a hundred and one", http.MethodPost, secret, passwords(101), http.StatusRequestEntityTooLarge, []string{"everybody"}},
		{"passwords in a large body", http.MethodPost, secret, passwords(1000), http.StatusRequestEntityTooLarge, []string{"everybody"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			users := &told{}
			endpoint := userevents.New(userevents.Config{Secret: secret, Users: users, Now: time.Now, Sink: event.Discard})
			r := httptest.NewRequestWithContext(t.Context(), test.method, userevents.Path, strings.NewReader(test.body))
			if test.secret != "" {
				r.Header.Set(userevents.SecretHeader, test.secret)
			}
			w := httptest.NewRecorder()
			endpoint.ServeHTTP(w, r)
			if w.Code != test.want || w.Body.Len() > 0 {
				t.Errorf("answer %d %q, want %d and nothing", w.Code, w.Body, test.want)
			}
			if diff := cmp.Diff(test.told, users.calls); diff != "" {
				t.Errorf("told (-want +got):\n%s", diff)
			}
		})
	}
}

// Whoever has another password and was not named stays signed in, which nobody
// would notice otherwise.
func TestTooManyPasswordsAreReported(t *testing.T) {
	for name, test := range map[string]struct {
		body string
		want int
	}{
		"a hundred": {passwords(100), 0}, "a hundred and one": {passwords(101), 1}, "in a large body": {passwords(1000), 1},
		"other changes": {keys(101), 0}, "other changes in a large body": {keys(1000), 0},
	} {
		t.Run(name, func(t *testing.T) {
			sink := &providertest.Events{}
			endpoint := userevents.New(userevents.Config{Secret: secret, Users: &told{}, Now: time.Now, Sink: sink})
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, userevents.Path, strings.NewReader(test.body))
			r.Header.Set(userevents.SecretHeader, secret)
			endpoint.ServeHTTP(httptest.NewRecorder(), r)
			if got := len(sink.Named(event.UserEventRefused)); got != test.want {
				t.Errorf("%d events, want %d", got, test.want)
			}
		})
	}
}

func TestTwoSecretsAreNone(t *testing.T) {
	endpoint := userevents.New(userevents.Config{Secret: secret, Users: &told{}, Now: time.Now, Sink: event.Discard})
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, userevents.Path, strings.NewReader(`{"keys":["`+user+`"]}`))
	r.Header.Add(userevents.SecretHeader, secret)
	r.Header.Add(userevents.SecretHeader, secret)
	w := httptest.NewRecorder()
	if endpoint.ServeHTTP(w, r); w.Code != http.StatusUnauthorized {
		t.Errorf("answer %d", w.Code)
	}
}

// A Flow that calls too often is put off, and nothing is lost; strangers do not
// keep it out.
func TestCallsPerSecond(t *testing.T) {
	users, now := &told{}, time.Unix(1_000_000, 0)
	endpoint := userevents.New(userevents.Config{Secret: secret, Users: users, Now: func() time.Time { return now }, Sink: event.Discard})
	call := func(secret string) int {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, userevents.Path, strings.NewReader(`{"keys":["`+user+`"]}`))
		r.Header.Set(userevents.SecretHeader, secret)
		w := httptest.NewRecorder()
		endpoint.ServeHTTP(w, r)
		return w.Code
	}
	for range 100 {
		if code := call("guess"); code != http.StatusUnauthorized {
			t.Fatalf("answer %d", code)
		}
	}
	taken := 0
	for call(secret) == http.StatusNoContent {
		taken++
	}
	if taken != 20 || users.calls[len(users.calls)-1] != "everybody" {
		t.Errorf("%d calls in a second, and then %v", taken, users.calls[len(users.calls)-1])
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, userevents.Path, strings.NewReader(`{"keys":["`+user+`"],"changed":"password"}`))
	r.Header.Set(userevents.SecretHeader, secret)
	before := len(users.calls)
	endpoint.ServeHTTP(httptest.NewRecorder(), r)
	if got := users.calls[before:]; !slices.Equal(got, []string{"password " + user}) {
		t.Errorf("a change of the password among too many others: told %v", got)
	}
	now = now.Add(time.Second)
	if code := call(secret); code != http.StatusNoContent {
		t.Errorf("a second later: answer %d", code)
	}
}

func TestNoSecretNoEndpoint(t *testing.T) {
	for given, want := range map[storage.Secret]int{"": http.StatusNotFound, secret: http.StatusUnauthorized} {
		router := chi.NewRouter()
		userevents.New(userevents.Config{Secret: given, Users: &told{}, Now: time.Now, Sink: event.Discard}).Mount(router)
		w := httptest.NewRecorder()
		router.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, userevents.Path, nil))
		if w.Code != want {
			t.Errorf("secret %q: answer %d, want %d", given.Reveal(), w.Code, want)
		}
	}
}

func FuzzBody(f *testing.F) {
	f.Add(keys(2))
	f.Add(`{"keys":["` + user + `"],"changed":"password"}`)
	f.Add(`{"keys":null}`)
	f.Fuzz(func(t *testing.T, text string) {
		users := &told{}
		endpoint := userevents.New(userevents.Config{Secret: secret, Users: users, Now: time.Now, Sink: event.Discard})
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, userevents.Path, strings.NewReader(text))
		r.Header.Set(userevents.SecretHeader, secret)
		w := httptest.NewRecorder()
		endpoint.ServeHTTP(w, r)
		if (w.Code == http.StatusNoContent) != (len(users.calls) == 1 && users.calls[0] != "everybody") {
			t.Errorf("answer %d, told %v", w.Code, users.calls)
		}
	})
}
