package flows

import (
	"context"
	"maps"
	"net/http"
	"testing"
	"time"

	"gatehouse/e2e/stack"
	"gatehouse/provider/clients"
	"gatehouse/provider/providertest"
	"gatehouse/storage/directus/prepare"
)

const (
	clientsPath = "/items/" + prepare.DefaultClientsCollection
	appID       = "acme-board"
)

// clientsInDirectus: an editor, who is no administrator, adds, changes and removes
// apps while people sign in at them.
func clientsInDirectus(t *testing.T, w *world) {
	s := w.provider(t, func(o *providertest.Options) { o.Directus.ClientsCollection = prepare.DefaultClientsCollection })
	editor := w.editor(t)
	keepReading(t, s.Collection)
	_, email := w.user(t)
	rp, browser := s.WebOfRow(t, appID), s.NewBrowser(t)
	asks := func() bool { return s.NewBrowser(t).Get(rp.AuthorizationURL(nil)).Has("login-submit") }

	if asks() {
		t.Fatal("the app is known before it was added")
	}
	row := providertest.WebRow(appID)
	row["client_id"] = appID
	editor.write(t, http.MethodPost, "", row)
	until(t, "a new app is known", asks)
	s.Clock.Advance(time.Minute)
	tokens := rp.Exchange(browser.SignIn(rp, email, nil)).WantOK(t)
	access, refresh := tokens.Text("access_token"), tokens.Text("refresh_token")
	s.UserInfo(t, access).WantOK(t)

	editor.write(t, http.MethodPost, "", map[string]any{"client_id": "broken", "redirect_uris": []string{"javascript:alert(1)"}})
	s.Refresh(t)
	if known(s, "broken") || !known(s, appID) {
		t.Error("a malformed app is known, or harms another")
	}

	s.Clock.Advance(time.Minute)
	silent := map[string]string{"prompt": "none"}
	browser.Get(rp.AuthorizationURL(silent)).Code(t)
	editor.write(t, http.MethodPatch, "/"+appID, map[string]any{"client_name": "Your Bank"})
	until(t, "a renamed app asks for consent again", func() bool {
		return browser.Get(rp.AuthorizationURL(silent)).Sent(t).Get("error") == "consent_required"
	})
	w.wantRevision(t, appID, "client_name", "Your Bank")

	editor.write(t, http.MethodPatch, "/"+appID, map[string]any{"status": "off"})
	until(t, "an app that is switched off is refused", func() bool { return s.UserInfo(t, access).Status == http.StatusUnauthorized })
	editor.write(t, http.MethodPatch, "/"+appID, map[string]any{"status": "active"})
	until(t, "an app that is switched on goes on", func() bool { return s.UserInfo(t, access).Status == http.StatusOK })

	s.Clock.Advance(time.Minute)
	w.directus.Kill()
	if err := s.Collection.Refresh(t.Context()); err == nil {
		t.Error("Directus answers after it was stopped")
	}
	if !asks() || rp.Refresh(refresh).Text("error") == "invalid_client" {
		t.Error("the app is unknown while Directus is down")
	}
	if err := w.directus.Restart(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	s.Clock.Advance(time.Minute) // a Directus that was away is left alone for a while
	editor.write(t, http.MethodDelete, "/"+appID, nil)
	until(t, "a removed app is unknown", func() bool { return rp.Refresh(refresh).Text("error") == "invalid_client" })
	s.UserInfo(t, access).WantError(t, http.StatusUnauthorized, "invalid_token")
}

func known(s *providertest.Server, id string) bool {
	_, ok := s.Collection.Client(id)
	return ok
}

// keepReading reads as gatehouse serve does, by the real clock.
func keepReading(t *testing.T, collection *clients.Collection) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ticker, done := time.NewTicker(clients.ReadEvery), make(chan struct{})
	go func() {
		defer close(done)
		collection.Run(ctx, ticker.C)
	}()
	t.Cleanup(func() {
		cancel()
		ticker.Stop()
		<-done
	})
}

// until waits for a change to take effect and logs how long that took.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	begin := time.Now()
	limit := time.After(time.Minute)
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for !holds() {
		select {
		case <-limit:
			t.Fatalf("%s: not within a minute", what)
		case <-ticker.C:
		}
	}
	t.Logf("%s: after %s", what, time.Since(begin).Round(10*time.Millisecond))
}

// person of Directus who may change clients and nothing else.
type editor struct{ directus *stack.Directus }

func (w *world) editor(t *testing.T) editor {
	t.Helper()
	call := func(path string, row map[string]any) (id string) {
		var made struct {
			ID any `json:"id"`
		}
		if err := w.directus.Call(t.Context(), http.MethodPost, path, row, &made); err != nil {
			t.Fatal(err)
		}
		id, _ = made.ID.(string)
		return id
	}
	role := call("/roles", map[string]any{"name": "App editors"})
	holder := map[string]any{"role": role}
	if w.policies(t) {
		policy := call("/policies", map[string]any{"name": "Edits apps"})
		call("/access", map[string]any{"role": role, "policy": policy})
		holder = map[string]any{"policy": policy}
	}
	for _, action := range []string{"create", "read", "update", "delete"} {
		permission := map[string]any{"collection": prepare.DefaultClientsCollection, "action": action, "fields": []string{"*"}}
		maps.Copy(permission, holder)
		call("/permissions", permission)
	}
	id, email := w.user(t)
	w.change(t, id, map[string]any{"role": role})
	access, err := w.directus.Login(t.Context(), email, providertest.Password)
	if err != nil {
		t.Fatal(err)
	}
	return editor{&stack.Directus{URL: w.directus.URL, AdminToken: access}}
}

// policies says whether this Directus has them.
func (w *world) policies(t *testing.T) bool {
	t.Helper()
	var all []any
	return w.directus.Call(t.Context(), http.MethodGet, "/policies?limit=1", nil, &all) == nil
}

func (e editor) write(t *testing.T, method, below string, row map[string]any) {
	t.Helper()
	var body any
	if row != nil {
		body = row
	}
	if err := e.directus.Call(t.Context(), method, clientsPath+below, body, nil); err != nil {
		t.Fatal(err)
	}
}

func (w *world) wantRevision(t *testing.T, item, column, value string) {
	t.Helper()
	var revisions []struct {
		Delta    map[string]any `json:"delta"`
		Activity struct {
			User string `json:"user"`
		} `json:"activity"`
	}
	query := "/revisions?sort=-id&limit=1&fields=delta,activity.user&filter[collection][_eq]=" + prepare.DefaultClientsCollection + "&filter[item][_eq]=" + item
	if err := w.directus.Call(t.Context(), http.MethodGet, query, nil, &revisions); err != nil {
		t.Fatal(err)
	}
	if len(revisions) != 1 || revisions[0].Delta[column] != value || revisions[0].Activity.User == "" {
		t.Errorf("revisions %+v", revisions)
	}
}
