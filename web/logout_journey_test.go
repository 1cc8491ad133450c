package web_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/provider/providertest"
	"gatehouse/storage"
)

// heard is a provider with an app that hears of the end of sessions both ways.
type heard struct {
	*providertest.Server
	back *providertest.Listener
	rp   *providertest.RelyingParty
}

func newHeard(t *testing.T) heard {
	t.Helper()
	h := heard{back: providertest.NewListener(t)}
	const redirectURI = "https://told.example/callback"
	h.Server = providertest.New(t, providertest.Options{Clients: []storage.Client{{
		ID: "told", SecretDigests: providertest.Digests(providertest.WebSecret), FirstParty: true,
		RedirectURIs: []string{redirectURI}, GrantTypes: []string{"authorization_code"},
		BackChannelLogoutURI: h.back.URI, FrontChannelLogoutURI: "https://told.example/front",
	}}})
	h.Directus.AllowOwnUpdate()
	h.rp = h.RelyingParty(t, "told", providertest.WebSecret, redirectURI)
	return h
}

// signIn signs a browser in at the app and returns the sid.
func (h heard) signIn(t *testing.T, browser *providertest.Browser) string {
	t.Helper()
	tokens := h.rp.Exchange(browser.SignIn(h.rp, email, nil)).WantOK(t)
	sid, _ := h.Verify(t, tokens.Text("id_token")).Claims["sid"].(string)
	return sid
}

// wantHeard fails the test unless the app heard of exactly these sessions.
func (h heard) wantHeard(t *testing.T, want ...string) {
	t.Helper()
	h.Deliver(t)
	var got []string
	for _, form := range h.back.Heard() {
		payload, err := h.Keys.Verify(t.Context(), form.Get("logout_token"), "logout+jwt")
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(payload), `"sid":"`)
		sid, _, _ := strings.Cut(rest, `"`)
		got = append(got, sid)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("the app heard of %v, want %v", got, want)
	}
}

// Whatever a person ends at his account, the apps of those sessions hear of it,
// and no others.
func TestJourneyThatAppsHearOf(t *testing.T) {
	h := newHeard(t)
	h.AddUser(email)
	here, phone, tablet := h.NewBrowser(t), h.NewBrowser(t), h.NewBrowser(t)
	onPhone := h.signIn(t, phone)
	h.Clock.Advance(time.Minute)
	onTablet := h.signIn(t, tablet)
	h.Clock.Advance(time.Minute)
	visit(t, h.Server, here, "/account", email)
	atHome := h.signIn(t, here)
	h.wantHeard(t)

	page := here.Press(here.Get(h.Issuer+"/account/sessions"), "session-end-2", nil)
	wantAt(t, page, "/account/sessions")
	h.wantHeard(t, onTablet)
	here.Press(here.Get(page.Link("sessions-end-others")), "sessions-end-others-confirm", nil)
	h.wantHeard(t, onTablet, onPhone)

	page = here.Press(here.Get(h.Issuer+"/account/sessions/everywhere"), "sessions-end-all-confirm", nil)
	if frames := page.Frames(); len(frames) != 1 || !strings.HasPrefix(frames[0], "https://told.example/front?") || !strings.Contains(frames[0], "sid="+atHome) {
		t.Errorf("the browser loads %v", frames)
	}
	page = here.Get(page.Link("signing-out-continue"))
	if page.Status != http.StatusOK || !strings.Contains(page.Body, "on every device") {
		t.Errorf("it leads on to %s (%d)", page.URL, page.Status)
	}
	for _, cookie := range here.Cookies() {
		if cookie.Name == "gatehouse_session" {
			t.Error("the browser still holds the session that has ended")
		}
	}
	h.wantHeard(t, onTablet, onPhone, atHome)
}

// A new password ends the other sessions, of which their apps hear.
func TestJourneyOfAPasswordChangeThatAppsHearOf(t *testing.T) {
	h := newHeard(t)
	h.AddUser(email)
	here, there := h.NewBrowser(t), h.NewBrowser(t)
	elsewhere := h.signIn(t, there)
	h.signIn(t, here)
	page := visit(t, h.Server, here, "/account/password", email)
	page = here.Press(page, "password-submit", map[string]string{"current-password": providertest.Password, "new-password": newPassword})
	if !page.Has("notice") {
		t.Fatalf("the password was not changed:\n%s", page.Body)
	}
	h.wantHeard(t, elsewhere)
}

// A password that was forgotten and set anew ends every session.
func TestJourneyOfANewPasswordThatAppsHearOf(t *testing.T) {
	h := newHeard(t)
	h.AddUser(email)
	there, browser := h.NewBrowser(t), h.NewBrowser(t)
	elsewhere := h.signIn(t, there)
	page := browser.Get(forgot(t, h.Server, browser, h.rp, email))
	wantAt(t, page, "/reset-password")
	page = browser.Press(page, "password-submit", map[string]string{"new-password": newPassword})
	wantAt(t, page, "/login")
	h.wantHeard(t, elsewhere)
	if page := there.Get(h.rp.AuthorizationURL(map[string]string{"prompt": "none"})); page.Sent(t).Get("error") != "login_required" {
		t.Errorf("the other browser is sent %v", page.Sent(t))
	}
}
