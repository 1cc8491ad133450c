package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/provider/authorize"
	"gatehouse/storage"
)

func (h *house) signIns(subject string) []storage.PastSignIn {
	h.t.Helper()
	record, err := h.store.Histories.Get(h.t.Context(), subject)
	if err != nil {
		h.t.Fatal(err)
	}
	return record.Value.SignIns
}

func TestSignInIsWrittenIntoTheHistory(t *testing.T) {
	h := newHouse(t)
	h.signIn(email, "wrong")
	h.signIn(email, password)
	want := []storage.PastSignIn{{
		At: h.clock.Now(), ClientID: "shop", App: "Shop", ACR: "urn:gatehouse:acr:password", UserAgent: "test", ClientAddress: "192.0.2.7",
	}}
	if diff := cmp.Diff(want, h.signIns("ada")); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
	own := h.wait("r1", authorize.PromptLogin)
	own.Client, own.Request.OwnPath = storage.Client{Name: "Acme"}, "/account"
	h.clock.Advance(time.Hour)
	h.signIn(email, password)
	if got := h.signIns("ada"); len(got) != 2 || got[0].ClientID != "" || got[0].App != "" || !got[0].At.After(got[1].At) {
		t.Errorf("history %+v", got)
	}
}

func TestHistoryIsBounded(t *testing.T) {
	h := newHouse(t)
	for range storage.MaxHistory + 3 {
		h.signIn(email, password)
	}
	if got := len(h.signIns("ada")); got != storage.MaxHistory {
		t.Errorf("%d sign-ins are kept", got)
	}
	h.clock.Advance(89 * 24 * time.Hour)
	h.signIn(email, password)
	h.clock.Advance(2 * 24 * time.Hour)
	h.enter("ada")
	if page := h.get("/account/history"); strings.Count(page.body, `<th scope="row">`) != 1 {
		t.Errorf("what is older than 90 days is shown:\n%s", page.body)
	}
}

func TestHistoryPage(t *testing.T) {
	h := newHouse(t)
	h.enter("ada")
	h.wantPage(h.get("/account/history"), http.StatusOK, "There were none")
	now := h.clock.Now()
	history := storage.History{SignIns: []storage.PastSignIn{
		{At: now, ACR: "urn:gatehouse:acr:otp", UserAgent: firefoxOnWindows, ClientAddress: "192.0.2.7"},
		{At: now.Add(-time.Hour), ClientID: "shop", App: "<b>Shop</b>", ACR: "urn:gatehouse:acr:password", UserAgent: "<b>odd</b>"},
		{At: now.Add(-2 * time.Hour), ClientID: "shop", ACR: "", UserAgent: safariOnIPhone},
	}}
	if err := h.store.Histories.Put(t.Context(), "ada", history, time.Hour); err != nil {
		t.Fatal(err)
	}
	page := h.get("/account/history")
	h.wantPage(page, http.StatusOK, "1 November 2026, 12:00 UTC", "Firefox on Windows", "one‑time password", "&lt;b&gt;Shop", "Unknown device", "Through another service")
	if strings.Contains(page.body, "<b>") {
		t.Error("the page has markup of strangers")
	}
	h.golden("account_history", page)
	h.enter("grace")
	h.wantPage(h.get("/account/history"), http.StatusOK, "There were none")
}
