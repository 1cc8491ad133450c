package token_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"testing"
	"time"

	"gatehouse/provider/providertest"
	"gatehouse/storage"
)

// Whoever refreshes or revokes without pause must not make a record grow.
func TestRecordOfGrantStaysSmall(t *testing.T) {
	s := providertest.New(t, providertest.Options{})
	subject := s.AddUser("ada@example.com")
	rp := s.Web(t)
	answer := rp.Exchange(s.NewBrowser(t).SignIn(rp, "ada@example.com", nil))
	for range 100 {
		if answer = rp.Refresh(answer.Text("refresh_token")); answer.Status != 200 {
			t.Fatalf("refresh: %d %s", answer.Status, answer.Raw)
		}
	}
	index, err := s.Store.Subjects.Get(t.Context(), subject)
	if err != nil {
		t.Fatal(err)
	}
	grant, err := s.Store.Grants.Get(t.Context(), index.Value.Grants[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := json.Marshal(grant.Value)
	if err != nil {
		t.Fatal(err)
	}
	if len(encoded) > 8<<10 {
		t.Errorf("the record has %d bytes after 100 refreshes", len(encoded))
	}
}

func TestTokensOfRemovedClientAreWorthNothing(t *testing.T) {
	s := providertest.New(t, providertest.Options{})
	s.AddUser("ada@example.com")
	stored := storage.Client{
		ID: "stored", SecretDigests: providertest.Digests(providertest.WebSecret), FirstParty: true,
		RedirectURIs: []string{providertest.WebRedirectURI}, GrantTypes: []string{"authorization_code", "refresh_token"},
		ResponseTypes: []string{"code"}, CreatedAt: s.Clock.Now(),
	}
	if err := s.Store.Clients.Put(t.Context(), stored.ID, stored, storage.NoExpiry); err != nil {
		t.Fatal(err)
	}
	rp := s.RelyingParty(t, stored.ID, providertest.WebSecret, providertest.WebRedirectURI)
	answer := rp.Exchange(s.NewBrowser(t).SignIn(rp, "ada@example.com", nil))
	if info := s.UserInfo(t, answer.Text("access_token")); info.Status != 200 {
		t.Fatalf("userinfo: %d %s", info.Status, info.Raw)
	}
	if err := s.Store.Clients.Delete(t.Context(), stored.ID); err != nil {
		t.Fatal(err)
	}
	s.Clock.Advance(5 * time.Second)
	if info := s.UserInfo(t, answer.Text("access_token")); info.Status != 401 {
		t.Errorf("removed: userinfo answers %d", info.Status)
	}

	// Another app of the same name inherits nothing.
	stored.CreatedAt = s.Clock.Now()
	if err := s.Store.Clients.Put(t.Context(), stored.ID, stored, storage.NoExpiry); err != nil {
		t.Fatal(err)
	}
	s.Clock.Advance(5 * time.Second)
	if info := s.UserInfo(t, answer.Text("access_token")); info.Status != 401 {
		t.Errorf("made anew: userinfo answers %d", info.Status)
	}
	refreshed := rp.Token(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {answer.Text("refresh_token")}})
	if refreshed.Text("error") != "invalid_grant" {
		t.Errorf("made anew: refresh answers %d %s", refreshed.Status, refreshed.Raw)
	}
}

// What ends a grant because the list is full must first have looked which of the
// listed ones still exist.
func TestFullIndexOfDeadGrantsEndsNoLiveOne(t *testing.T) {
	s := providertest.New(t, providertest.Options{})
	subject := s.AddUser("ada@example.com")
	rp, browser := s.Second(t), s.NewBrowser(t)
	kept := rp.Exchange(browser.SignIn(rp, "ada@example.com", map[string]string{"scope": "openid offline_access"}))
	err := s.Store.Subjects.Update(t.Context(), subject, func(index *storage.Subject) error {
		for number := len(index.Grants); number < storage.MaxGrantsPerSubject; number++ {
			index.Grants = append(index.Grants, storage.GrantEntry{
				ID: fmt.Sprintf("gone-%d", number), ClientID: providertest.WebID, Offline: true,
				Created: s.Clock.Now().Add(-time.Hour), Expires: s.Clock.Now().Add(time.Hour),
			})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	other := s.SPA(t)
	browser.Get(other.AuthorizationURL(nil)).Code(t)
	if refreshed := rp.Refresh(kept.Text("refresh_token")); refreshed.Status != 200 {
		t.Errorf("the only live grant was ended: %d %s", refreshed.Status, refreshed.Raw)
	}
}

// A monitoring account, or an app that signs in silently without end, must not
// end the grants of other apps.
func TestDeadGrantsMakeRoomBeforeLiveOnes(t *testing.T) {
	s := providertest.New(t, providertest.Options{})
	subject := s.AddUser("ada@example.com")
	other, browser := s.Second(t), s.NewBrowser(t)
	kept := other.Exchange(browser.SignIn(other, "ada@example.com", map[string]string{"scope": "openid offline_access"}))
	rp := s.Web(t)
	browser.SignIn(rp, "ada@example.com", nil)
	for range storage.MaxGrantsPerSubject + 20 {
		// Codes that nobody redeems.
		browser.Get(rp.AuthorizationURL(map[string]string{"prompt": "none"})).Code(t)
		s.Clock.Advance(providertest.CodeLifetime / 10)
	}
	if refreshed := other.Refresh(kept.Text("refresh_token")); refreshed.Status != 200 {
		t.Errorf("the grant of another app was ended: %d %s", refreshed.Status, refreshed.Raw)
	}
	index, err := s.Store.Subjects.Get(t.Context(), subject)
	if err != nil {
		t.Fatal(err)
	}
	if got := len(index.Value.Grants); got > 100 {
		t.Errorf("%d grants are listed, nearly all of them gone", got)
	}
}
