package provider_test

import (
	"encoding/json"
	"net/url"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"gatehouse/keys"
	"gatehouse/provider/event"
	"gatehouse/provider/providertest"
	"gatehouse/storage"
)

// An app signs its person out by a hint, and another that took part in the
// session hears of it: who it was and which session, by the words of its own ID
// token (OpenID Connect Back-Channel Logout 1.0, section 2.6).
func TestBackChannelLogout(t *testing.T) {
	listener := providertest.NewListener(t)
	hears := told()
	hears.BackChannelLogoutURI = listener.URI
	s := start(t, providertest.Options{Clients: []storage.Client{hears}})
	web, browser := s.Web(t), s.NewBrowser(t)
	hint := web.Exchange(browser.SignIn(web, ada, nil)).WantOK(t).Text("id_token")
	rp := s.RelyingParty(t, "told", providertest.WebSecret, "https://told.example/callback")
	tokens := rp.Exchange(browser.Get(rp.AuthorizationURL(nil)).Code(t)).WantOK(t)
	identity := s.Verify(t, tokens.Text("id_token")).Claims

	s.Deliver(t)
	if got := listener.Heard(); len(got) != 0 {
		t.Fatalf("it heard %v of a session that goes on", got)
	}
	browser.Get(s.Issuer + "/logout?" + url.Values{"id_token_hint": {hint}}.Encode())
	s.Deliver(t)
	s.Deliver(t)
	heard := listener.Heard()
	if len(heard) != 1 || len(heard[0]) != 1 {
		t.Fatalf("it heard %v, want one logout_token", heard)
	}
	payload, err := s.Keys.Verify(t.Context(), heard[0].Get("logout_token"), keys.TypeLogoutToken, jose.RS256)
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(payload, &claims); err != nil {
		t.Fatal(err)
	}
	for _, same := range []string{"iss", "sub", "sid"} {
		if claims[same] != identity[same] || claims[same] == "" {
			t.Errorf("%s is %v, in the ID token %v", same, claims[same], identity[same])
		}
	}
	if s.Events.Count(event.LogoutDelivered) != 1 {
		t.Error("no event tells of it")
	}
}
