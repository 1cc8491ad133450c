package desk_test

import (
	"fmt"
	"sync"
	"testing"

	"gatehouse/provider/providertest"
	"gatehouse/storage"
)

// at runs functions at the same time.
func at(functions ...func()) {
	var begin, done sync.WaitGroup
	begin.Add(1)
	for _, run := range functions {
		done.Go(func() {
			begin.Wait()
			run()
		})
	}
	begin.Done()
	done.Wait()
}

// Consents of a user are one record: two that are given at once must both stay,
// and removing one must not bring back or take another.
func TestConsentsAtOnce(t *testing.T) {
	const count = 12
	var clients []storage.Client
	for i := range count {
		clients = append(clients, storage.Client{
			ID: fmt.Sprint("app", i), Name: fmt.Sprintf("App %02d", i), SecretDigests: providertest.Digests(providertest.WebSecret),
			RedirectURIs: []string{"https://app.example/callback"}, GrantTypes: []string{"authorization_code"},
		})
	}
	w := newWorld(t, providertest.Options{Clients: clients})
	ok(t, w.Provider.Desk().RemoveApp(t.Context(), w.ada, providertest.WebID))
	consents := make([]*providertest.Page, count)
	rps := make([]*providertest.RelyingParty, count)
	for i := range count {
		rps[i] = w.RelyingParty(t, clients[i].ID, providertest.WebSecret, "https://app.example/callback")
		consents[i] = w.first.Get(rps[i].AuthorizationURL(nil))
	}
	var allow, mixed []func()
	for i := range count {
		allow = append(allow, func() { w.first.Press(consents[i], "consent-allow", nil) })
		if i%2 == 0 {
			mixed = append(mixed, func() {
				if err := w.Provider.Desk().RemoveApp(t.Context(), w.ada, clients[i].ID); err != nil {
					t.Error(err)
				}
			})
		}
	}
	at(allow...)
	if apps := w.apps(t, w.ada); len(apps) != count {
		t.Errorf("of %d consents %d stayed: %v", count, len(apps), apps)
	}
	at(mixed...)
	apps := w.apps(t, w.ada)
	if len(apps) != count/2 {
		t.Errorf("%d apps are left: %v", len(apps), apps)
	}
	for _, app := range apps {
		var number int
		if _, err := fmt.Sscanf(app.Name, "App %d", &number); err != nil || number%2 == 0 {
			t.Errorf("%s is left", app.Name)
		}
	}
}

// However many sign-ins are under way while the others are ended, what was there
// before is gone, and what stays is known to the index.
func TestEndOthersWhilePeopleSignIn(t *testing.T) {
	w := newWorld(t, providertest.Options{})
	keep := w.current(t, w.first).ID
	var run []func()
	for range 8 {
		browser := w.NewBrowser(t)
		login := browser.Get(w.app.AuthorizationURL(nil))
		run = append(run, func() { browser.Password(login, ada) })
	}
	for range 4 {
		run = append(run, func() {
			if err := w.Provider.Desk().EndOthers(t.Context(), w.ada, keep, "test"); err != nil {
				t.Error(err)
			}
		})
	}
	at(run...)
	w.wantAlive(t, w.tokens)
	w.wantDead(t, w.otherTokens)
	known := map[string]bool{}
	for _, entry := range w.index(t, w.ada).Sessions {
		known[entry.ID] = true
	}
	for record, err := range w.Store.Sessions.All(t.Context()) {
		ok(t, err)
		if !known[record.Value.ID] {
			t.Error("a session that no list shows")
		}
	}
	ok(t, w.Provider.Desk().EndUser(t.Context(), w.ada, "test"))
	for _, err := range w.Store.Sessions.All(t.Context()) {
		t.Errorf("a session outlived the end of everything (%v)", err)
	}
}
