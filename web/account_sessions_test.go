package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/provider/authorize"
	"gatehouse/storage"
)

const (
	firefoxOnWindows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0"
	safariOnIPhone   = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1"
)

// devices signs ada in here, on a phone and on something odd, and grace somewhere.
func (h *house) devices() {
	h.enter("ada")
	here := h.desk.sessions["ada"]
	here.UserAgent, here.ClientAddress = firefoxOnWindows, "192.0.2.7"
	h.desk.put(here)
	now := h.clock.Now()
	h.desk.elsewhere = []storage.Session{
		{ID: "session-phone", Subject: "ada", UserAgent: safariOnIPhone, ClientAddress: "2001:db8::7", AuthenticatedAt: now.Add(-26 * time.Hour), LastSeen: now.Add(-90 * time.Minute)},
		{ID: "session-odd", Subject: "ada", UserAgent: "Call us: <b>555</b>", AuthenticatedAt: now.Add(-50 * time.Hour), LastSeen: now.Add(-49 * time.Hour)},
		{ID: "session-grace", Subject: "grace", UserAgent: "graces", ClientAddress: "198.51.100.99", LastSeen: now},
	}
}

var sessionValue = regexp.MustCompile(`id="session-end-(\d)"[^>]* name="session" value="([^"]+)"`)

func TestSessionsAreListed(t *testing.T) {
	h := newHouse(t)
	h.devices()
	page := h.get("/account/sessions")
	h.wantPage(page, http.StatusOK, "Firefox on Windows", "This browser", "Safari on iPhone", "2001:db8::7", "Unknown device",
		`<time datetime="2026-11-01T10:30Z">1 November 2026, 10:30 UTC</time>`, `id="sessions-end-others"`, `id="sessions-end-all"`)
	for _, bad := range []string{"session-phone", "555", "graces", "198.51.100.99", `id="session-end-1"`} {
		if strings.Contains(page.body, bad) {
			t.Errorf("the page has %q", bad)
		}
	}
	h.golden("account_sessions", page)
	german := h.get("/account/sessions?ui_locales=de")
	h.wantPage(german, http.StatusOK, "Firefox unter Windows", "1. November 2026, 10:30 Uhr (UTC)")
	h.golden("account_sessions_de", german)
}

func TestSessionIsEnded(t *testing.T) {
	h := newHouse(t)
	h.devices()
	values := sessionValue.FindAllStringSubmatch(h.get("/account/sessions").body, -1)
	h.wantTo(h.post("/account/sessions", url.Values{"session": {values[0][2]}}), "/account/sessions?notice=session")
	if diff := cmp.Diff([]string{"session session-phone"}, h.desk.ended); diff != "" {
		t.Errorf("ended (-want +got):\n%s", diff)
	}
	h.wantPage(h.get("/account/sessions?notice=session"), http.StatusOK, "The device is signed out.", `role="status"`)
}

func TestSessionOfSomebodyElseIsNotEnded(t *testing.T) {
	h := newHouse(t)
	h.devices()
	// How grace's own page, on her tablet, names what the others are to ada.
	grace := newHouse(t)
	grace.enter("grace")
	grace.desk.put(storage.Session{ID: "session-tablet", Subject: "grace"})
	grace.desk.elsewhere = h.desk.elsewhere
	foreign := sessionValue.FindStringSubmatch(grace.get("/account/sessions").body)[2]
	for _, value := range []string{foreign, "session-grace", "session-phone", "", "nonsense"} {
		h.wantTo(h.post("/account/sessions", url.Values{"session": {value}}), "/account/sessions")
	}
	if len(h.desk.ended) != 0 {
		t.Errorf("ended %v", h.desk.ended)
	}
}

func TestEndingTheOwnSessionIsSigningOut(t *testing.T) {
	h := newHouse(t)
	h.devices()
	// The digest of this browser's session, as another of ada's browsers sees it.
	other := newHouse(t)
	other.devices()
	other.desk.put(storage.Session{ID: "session-tablet", Subject: "ada"})
	other.desk.elsewhere = []storage.Session{{ID: "session-ada", Subject: "ada"}}
	here := sessionValue.FindStringSubmatch(other.get("/account/sessions").body)[2]
	h.wantTo(h.post("/account/sessions", url.Values{"session": {here}}), "/logout")
	if len(h.desk.ended) != 0 {
		t.Errorf("ended %v", h.desk.ended)
	}
}

func TestOtherSessionsAreEndedOnceConfirmed(t *testing.T) {
	h := newHouse(t)
	h.devices()
	page := h.get("/account/sessions/others")
	h.wantPage(page, http.StatusOK, `id="sessions-end-others-confirm"`, `id="cancel" href="/account/sessions"`)
	h.golden("account_confirm", page)
	if len(h.desk.ended) != 0 {
		t.Fatalf("a GET ended %v", h.desk.ended)
	}
	h.wantTo(h.post("/account/sessions/others", nil), "/account/sessions?notice=others")
	if diff := cmp.Diff([]string{"others than session-ada"}, h.desk.ended); diff != "" {
		t.Errorf("ended (-want +got):\n%s", diff)
	}
}

func TestOneSessionHasNoOthers(t *testing.T) {
	h := newHouse(t)
	h.enter("ada")
	if page := h.get("/account/sessions"); strings.Contains(page.body, "sessions-end-others") {
		t.Error("offers to end other sessions")
	}
}

func TestSignOutEverywhere(t *testing.T) {
	h := newHouse(t)
	h.devices()
	page := h.get("/account/sessions/everywhere")
	h.wantPage(page, http.StatusOK, `id="sessions-end-all-confirm"`)
	if len(h.desk.ended) != 0 {
		t.Fatalf("a GET ended %v", h.desk.ended)
	}
	out := h.post("/account/sessions/everywhere", nil)
	h.wantPage(out, http.StatusOK, "You have signed out of Acme on every device.")
	h.golden("logged_out_everywhere", out)
	if diff := cmp.Diff([]string{"user ada"}, h.desk.ended); diff != "" {
		t.Errorf("ended (-want +got):\n%s", diff)
	}
}

// The apps of this very browser hear of it by its frames.
func TestSignOutEverywhereTellsTheAppsOfThisBrowser(t *testing.T) {
	h := newHouse(t)
	h.devices()
	h.desk.frames = []string{"https://shop.example/logout?iss=i&sid=s"}
	out := h.post("/account/sessions/everywhere", nil)
	h.wantPage(out, http.StatusOK, `src="https://shop.example/logout?iss=i&amp;sid=s"`, `href="/logged-out?everywhere=1"`)
	if diff := cmp.Diff([]string{"user ada"}, h.desk.ended); diff != "" {
		t.Errorf("ended (-want +got):\n%s", diff)
	}
}

func TestSignOutEverywhereNeedsAFreshSignIn(t *testing.T) {
	h := newHouse(t)
	h.devices()
	h.clock.Advance(10*time.Minute + time.Second)
	h.wantTo(h.get("/account/sessions/everywhere"), "/login?request=own")
	h.wantTo(h.post("/account/sessions/everywhere", nil), "/login?request=own")
	want := authorize.OwnRequest{Path: "/account/sessions/everywhere", Subject: "ada", Fresh: true}
	if diff := cmp.Diff([]authorize.OwnRequest{want, want}, h.desk.begun); diff != "" {
		t.Errorf("begun (-want +got):\n%s", diff)
	}
	if len(h.desk.ended) != 0 {
		t.Errorf("ended %v", h.desk.ended)
	}
}

// An attacker's page must not sign people out.
func TestAccountFormsOfOtherSitesAreRefused(t *testing.T) {
	h := newHouse(t)
	h.devices()
	h.desk.apps = shopApps(h.clock.Now())
	for _, path := range []string{"/account/sessions", "/account/sessions/others", "/account/sessions/everywhere", h.removeURL(1)} {
		h.wantPage(h.post(path, nil, "Sec-Fetch-Site", "cross-site"), http.StatusForbidden, "cross_origin")
	}
	if len(h.desk.ended) != 0 {
		t.Errorf("ended %v", h.desk.ended)
	}
}
