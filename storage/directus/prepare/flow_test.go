package prepare_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/e2e/stack"
	"gatehouse/storage/directus/prepare"
)

const flowSecret = "a secret of the Flow that nobody guesses"

// endpoint stands in for ours.
type endpoint struct {
	*httptest.Server
	bodies chan string
}

func newEndpoint(t *testing.T) *endpoint {
	t.Helper()
	e := &endpoint{bodies: make(chan string, 100)}
	e.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.Header.Get("Flow-Secret") != flowSecret || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s %v", r.Method, r.Header)
		}
		e.bodies <- string(body)
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(e.Close)
	return e
}

// next is what the Flow tells of a user.
func (e *endpoint) next(t *testing.T, id string) (changed string) {
	t.Helper()
	for {
		select {
		case body := <-e.bodies:
			if strings.Contains(body, "horse") {
				t.Errorf("the Flow sends a password: %s", body)
			}
			var told struct {
				Keys    []string `json:"keys"`
				Changed string   `json:"changed"`
			}
			if err := json.Unmarshal([]byte(body), &told); err != nil {
				t.Fatalf("the Flow sent %s", body)
			}
			if slices.Contains(told.Keys, id) {
				return told.Changed
			}
		case <-time.After(30 * time.Second):
			t.Fatal("the Flow told nothing")
		}
	}
}

// TestFlow makes the Flow on a real Directus and hears it.
func TestFlow(t *testing.T) {
	t.Parallel()
	d := stack.DirectusForTest(t, stack.DirectusOptions{Version: os.Getenv(versionVariable)})
	options := (&server{d}).options()
	e := newEndpoint(t)
	options.Flow = &prepare.Flow{URL: e.URL, Header: "Flow-Secret", Secret: flowSecret}
	states := func() prepare.State {
		t.Helper()
		report, err := prepare.Prepare(t.Context(), options)
		if err != nil {
			t.Fatal(err)
		}
		options.Token = report.Token
		i := slices.IndexFunc(report.Steps, func(s prepare.Step) bool { return strings.HasPrefix(s.Name, "flow ") })
		if i < 0 || !slices.Contains(report.Environment, prepare.Variable{Name: "IMPORT_IP_DENY_LIST", Value: "169.254.169.254"}) {
			t.Fatalf("the report says nothing of the Flow: %+v", report)
		}
		return report.Steps[i].State
	}
	if state := states(); state != prepare.Done {
		t.Errorf("first run: %s", state)
	}
	if state := states(); state != prepare.Kept {
		t.Errorf("second run: %s", state)
	}
	id, err := d.CreateUser(t.Context(), stack.NewUser{Email: "flow@example.com", Password: "correct horse battery staple"})
	if err != nil {
		t.Fatal(err)
	}
	call := func(method, path string, body any) {
		t.Helper()
		if err := d.Call(t.Context(), method, path, body, nil); err != nil {
			t.Fatal(err)
		}
	}
	for _, change := range []struct {
		column, value, want string
	}{
		{"status", "suspended", ""}, {"status", "active", ""}, {"email", "flow2@example.com", ""}, {"password", "another horse battery staple", "password"},
	} {
		call(http.MethodPatch, "/users/"+id, map[string]any{change.column: change.value})
		if changed := e.next(t, id); changed != change.want {
			t.Errorf("%s: the Flow says that %q changed, want %q", change.column, changed, change.want)
		}
	}
	call(http.MethodDelete, "/users/"+id, nil)
	e.next(t, id)

	// One that somebody changed is made anew, with another secret as well.
	var flows []struct{ ID string }
	if err := d.Call(t.Context(), http.MethodGet, "/flows?filter[trigger][_eq]=event", nil, &flows); err != nil || len(flows) != 1 {
		t.Fatalf("%d flows, %v", len(flows), err)
	}
	call(http.MethodPatch, "/flows/"+flows[0].ID, map[string]any{"accountability": "all"})
	if state := states(); state != prepare.Done {
		t.Errorf("after a change: %s", state)
	}
	options.Flow.Secret = "another secret of the Flow, as good as the first"
	if state := states(); state != prepare.Done {
		t.Errorf("with another secret: %s", state)
	}
	if state := states(); state != prepare.Kept {
		t.Errorf("after that: %s", state)
	}
}
