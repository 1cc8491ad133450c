package prepare_test

import (
	"encoding/json"
	"fmt"
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
	e := &endpoint{bodies: make(chan string, 1000)}
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

// call is what the Flow sends.
type call struct {
	Keys    []string `json:"keys"`
	Changed string   `json:"changed"`
}

func (e *endpoint) receive(t *testing.T) (told call) {
	t.Helper()
	select {
	case body := <-e.bodies:
		if strings.Contains(body, "horse") {
			t.Errorf("the Flow sends a password: %s", body)
		}
		if err := json.Unmarshal([]byte(body), &told); err != nil {
			t.Fatalf("the Flow sent %s", body)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("the Flow told nothing")
	}
	return told
}

// next is what the Flow tells of a user.
func (e *endpoint) next(t *testing.T, id string) (changed string) {
	t.Helper()
	for {
		if told := e.receive(t); slices.Contains(told.Keys, id) {
			return told.Changed
		}
	}
}

// flowWorld is a Directus that is to tell of changes.
type flowWorld struct {
	*stack.Directus
	endpoint *endpoint
	options  prepare.Options
}

// TestFlow makes the Flow on a real Directus and hears it.
func TestFlow(t *testing.T) {
	t.Parallel()
	w := &flowWorld{Directus: stack.DirectusForTest(t, stack.DirectusOptions{Version: os.Getenv(versionVariable)}), endpoint: newEndpoint(t)}
	w.options = (&server{w.Directus}).options()
	w.options.Flow = &prepare.Flow{URL: w.endpoint.URL, Header: "Flow-Secret", Secret: flowSecret}
	for _, step := range []struct {
		name string
		run  func(t *testing.T)
	}{
		{"an older one is made anew", w.older},
		{"changes of one user", w.changesOfOne},
		{"a change of many users", w.changeOfMany},
		{"one that somebody changed is made anew", w.changed},
		{"no room for two", w.noRoom},
	} {
		if !t.Run(step.name, step.run) { //nolint:paralleltest // each goes on where the last one ended
			return
		}
	}
}

func (w *flowWorld) call(t *testing.T, method, path string, body, object any) {
	t.Helper()
	if err := w.Call(t.Context(), method, path, body, object); err != nil {
		t.Fatal(err)
	}
}

// setUp wants the run to say what it made of the Flow.
func (w *flowWorld) setUp(t *testing.T, want prepare.State) (detail string) {
	t.Helper()
	report, err := prepare.Prepare(t.Context(), w.options)
	if err != nil {
		t.Fatal(err)
	}
	w.options.Token = report.Token
	i := slices.IndexFunc(report.Steps, func(s prepare.Step) bool { return strings.HasPrefix(s.Name, "flow ") })
	if i < 0 || !slices.Contains(report.Environment, prepare.Variable{Name: "IMPORT_IP_DENY_LIST", Value: "169.254.169.254"}) {
		t.Fatalf("the report says nothing of the Flow: %+v", report)
	}
	if report.Steps[i].State != want {
		t.Errorf("the Flow: %s (%s), want %s", report.Steps[i].State, report.Steps[i].Detail, want)
	}
	return report.Steps[i].Detail
}

func (w *flowWorld) wantExamined(t *testing.T, want prepare.FlowState) {
	t.Helper()
	found, _, err := prepare.Examine(t.Context(), w.options)
	if err != nil {
		t.Fatal(err)
	}
	if found.Flow != want {
		t.Errorf("the Flow is found in state %d, want %d", found.Flow, want)
	}
}

// flows are the ids of those that are there, by name.
func (w *flowWorld) flows(t *testing.T) map[string]string {
	t.Helper()
	var rows []struct{ ID, Name string }
	w.call(t, http.MethodGet, "/flows?fields=id,name&limit=-1", nil, &rows)
	found := map[string]string{}
	for _, row := range rows {
		if _, ok := found[row.Name]; ok {
			t.Errorf("there are two Flows %q", row.Name)
		}
		found[row.Name] = row.ID
	}
	return found
}

// older is what setup made before it took lists apart and noticed passwords that
// are taken away.
func (w *flowWorld) older(t *testing.T) {
	w.setUp(t, prepare.Done)
	w.setUp(t, prepare.Kept)
	w.wantExamined(t, prepare.FlowKept)
	for name, id := range w.flows(t) {
		if name == prepare.OnePasswordFlowName {
			w.call(t, http.MethodDelete, "/flows/"+id, nil, nil)
		}
	}
	w.wantExamined(t, prepare.FlowDiffers)
	w.setOperation(t, "tell_password", map[string]any{"type": "request", "options": map[string]any{
		"method": http.MethodPost, "url": w.endpoint.URL, "body": `{"keys":{{$trigger.keys}},"changed":"password"}`,
		"headers": []any{map[string]any{"header": "Flow-Secret", "value": flowSecret}},
	}})
	w.setOperation(t, "password", map[string]any{"options": map[string]any{
		"filter": map[string]any{"$trigger": map[string]any{"payload": map[string]any{"password": map[string]any{"_nnull": true}}}},
	}})
	w.wantExamined(t, prepare.FlowDiffers)
	w.setUp(t, prepare.Done)
	w.wantExamined(t, prepare.FlowKept)
	w.setUp(t, prepare.Kept)
}

func (w *flowWorld) setOperation(t *testing.T, key string, change map[string]any) {
	t.Helper()
	var rows []struct{ ID string }
	w.call(t, http.MethodGet, "/operations?filter[key][_eq]="+key, nil, &rows)
	if len(rows) != 1 {
		t.Fatalf("%d operations are %s", len(rows), key)
	}
	w.call(t, http.MethodPatch, "/operations/"+rows[0].ID, change, nil)
}

func (w *flowWorld) changesOfOne(t *testing.T) {
	id, err := w.CreateUser(t.Context(), stack.NewUser{Email: "flow@example.com", Password: "correct horse battery staple"})
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range []struct {
		column string
		value  any
		want   string
	}{
		{"status", "suspended", ""},
		{"status", "active", ""},
		{"email", "flow2@example.com", ""},
		{"password", "another horse battery staple", "password"},
		{"password", nil, "password"},
		{"title", nil, ""},
	} {
		w.call(t, http.MethodPatch, "/users/"+id, map[string]any{change.column: change.value}, nil)
		if changed := w.endpoint.next(t, id); changed != change.want {
			t.Errorf("%s: the Flow says that %q changed, want %q", change.column, changed, change.want)
		}
	}
	w.call(t, http.MethodDelete, "/users/"+id, nil, nil)
	w.endpoint.next(t, id)
}

// changeOfMany changes more users at once than one call of ours takes.
func (w *flowWorld) changeOfMany(t *testing.T) {
	const many = 250
	users := make([]map[string]string, many)
	for i := range users {
		users[i] = map[string]string{"email": fmt.Sprintf("many%d@example.com", i), "status": "active"}
	}
	var made []struct{ ID string }
	w.call(t, http.MethodPost, "/users", users, &made)
	ids := make([]string, len(made))
	missing := map[string]bool{}
	for i, user := range made {
		ids[i], missing[user.ID] = user.ID, true
	}
	w.call(t, http.MethodPatch, "/users", map[string]any{"keys": ids, "data": map[string]any{"password": "horse for all of them"}}, nil)
	for len(missing) > 0 {
		told := w.endpoint.receive(t)
		if len(told.Keys) > 100 || told.Changed != "password" {
			t.Fatalf("a call names %d users and says that %q changed", len(told.Keys), told.Changed)
		}
		for _, id := range told.Keys {
			delete(missing, id)
		}
	}
	if len(ids) != many {
		t.Errorf("%d users", len(ids))
	}
}

// changed is found and mended, and another secret is written as well.
func (w *flowWorld) changed(t *testing.T) {
	for _, name := range []string{prepare.OnePasswordFlowName, prepare.FlowName} {
		w.call(t, http.MethodPatch, "/flows/"+w.flows(t)[name], map[string]any{"accountability": "all"}, nil)
		w.setUp(t, prepare.Done)
		w.setUp(t, prepare.Kept)
	}
	w.options.Flow.Secret = "another secret of the Flow, as good as the first"
	w.wantExamined(t, prepare.FlowSecretDiffers)
	w.setUp(t, prepare.Done)
	w.wantExamined(t, prepare.FlowKept)
	w.options.Flow.Secret = flowSecret
	w.setUp(t, prepare.Done)
	w.setUp(t, prepare.Kept)
}

// noRoom: Directus 12 without a licence has five active Flows.
func (w *flowWorld) noRoom(t *testing.T) {
	if !strings.HasPrefix(w.Version, "12.") {
		t.Skip("this Directus takes any number of Flows")
	}
	for _, id := range w.flows(t) {
		w.call(t, http.MethodDelete, "/flows/"+id, nil, nil)
	}
	fill := func(name string) string {
		var made struct{ ID string }
		w.call(t, http.MethodPost, "/flows", map[string]any{"name": name, "status": "active", "trigger": "operation", "options": map[string]any{}}, &made)
		return made.ID
	}
	for _, name := range []string{"one", "two", "three", "four"} {
		fill(name)
	}
	if detail := w.setUp(t, prepare.Attention); !strings.Contains(detail, "it needs a second") {
		t.Errorf("the report says %q", detail)
	}
	w.wantExamined(t, prepare.FlowWhole)
	w.changesOfOne(t)
	before := w.flows(t)[prepare.FlowName]
	w.setUp(t, prepare.Attention)
	if after := w.flows(t); after[prepare.FlowName] != before || len(after) != 5 {
		t.Errorf("with as little room as before the Flow was made anew: %v", after)
	}

	w.call(t, http.MethodDelete, "/flows/"+before, nil, nil)
	five := fill("five")
	if detail := w.setUp(t, prepare.Attention); !strings.Contains(detail, "do without") {
		t.Errorf("the report says %q", detail)
	}
	w.wantExamined(t, prepare.FlowMissing)
	if left := w.flows(t); len(left) != 5 {
		t.Errorf("flows that are off were left: %v", left)
	}
	for _, id := range []string{five, w.flows(t)["one"]} {
		w.call(t, http.MethodDelete, "/flows/"+id, nil, nil)
	}
	w.setUp(t, prepare.Done)
	w.wantExamined(t, prepare.FlowKept)
}
