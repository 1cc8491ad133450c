package web_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"gatehouse/provider/authorize"
	"gatehouse/storage"
)

// Directus's access tokens may end before they are of any use.
func TestNobodySignsInForEver(t *testing.T) {
	h := newHouse(t, withProfiles(newProfiles()))
	h.wait("own", authorize.PromptLogin).Request.OwnPath = "/account/password"
	h.accounts.shorter = 15*time.Minute + time.Second
	h.wantTo(h.post("/login?request=own", url.Values{"username": {email}, "password": {password}}), h.server.URL+"/authorize/own")
	h.desk.put(storage.Session{ID: "session-ada", Subject: "ada", AuthenticatedAt: h.clock.Now()})
	h.wantPage(h.get("/account/password"), http.StatusInternalServerError, "server_error")
	h.wantPage(h.get("/account"), http.StatusOK, `id="profile-unlock"`)
	if len(h.desk.begun) != 0 {
		t.Errorf("begun %v", h.desk.begun)
	}
	h.clock.Advance(time.Minute) // and then it may be worth a try
	h.wantTo(h.get("/account/password"), "/login?request=own")
}
