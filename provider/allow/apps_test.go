package allow_test

import (
	"net/http"
	"testing"

	"gatehouse/provider/oauth"
	"gatehouse/provider/providertest"
)

// An app that is not open any more is explained in "My account", and cannot be opened
// from there, though what it was allowed can be taken back.
func TestAppsThatAreNotOpen(t *testing.T) {
	client := editorsOnly()
	client.InitiateLoginURI = "https://closed.example/start"
	w := newWorld(t, client, providertest.Options{})
	open := w.Issuer + "/apps/open?client_id=" + closedID
	w.rp.Exchange(w.browser.SignIn(w.rp, ada, map[string]string{"prompt": "consent"})).WantOK(t)
	page := w.browser.Get(w.Issuer + "/account/apps")
	if page.Has("app-closed-1") || !page.Has("app-open-1") {
		t.Errorf("the list is\n%s", page.Body)
	}
	if left := w.browser.Get(open).Left; left == nil || left.Host != "closed.example" {
		t.Errorf("opening the app leads to %v", left)
	}

	w.set(w.ada, nil)
	w.later()
	page = w.browser.Get(w.Issuer + "/account/apps")
	if !page.Has("app-closed-1") || page.Has("app-open-1") || !page.Has("app-remove-1") {
		t.Errorf("the list is\n%s", page.Body)
	}
	w.browser.Get(open).WantPage(t, http.StatusForbidden, oauth.AccessDenied)
	// To strangers it is what it was: the app asks them to sign in.
	if left := w.NewBrowser(t).Get(open).Left; left == nil || left.Host != "closed.example" {
		t.Errorf("opening the app leads to %v", left)
	}
}

// One account in the browser will do.
func TestAppsThatAreOpenToAnotherAccount(t *testing.T) {
	client := editorsOnly()
	client.InitiateLoginURI = "https://closed.example/start"
	w := newWorld(t, client, providertest.Options{})
	w.browser.SignIn(w.rp, ada, nil)
	w.browser.Through(w.browser.Get(w.Second(t).AuthorizationURL(map[string]string{"prompt": "login"})), grace)
	if left := w.browser.Get(w.Issuer + "/apps/open?client_id=" + closedID).Left; left == nil || left.Host != "closed.example" {
		t.Errorf("opening the app leads to %v", left)
	}
}
