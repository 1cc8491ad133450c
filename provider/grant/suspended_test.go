package grant_test

import (
	"net/http"
	"testing"
	"time"

	"gatehouse/provider/oauth"
	"gatehouse/provider/providertest"
	"gatehouse/storage"
	"gatehouse/storage/directus/directustest"
)

// CVE-2023-22492: refresh tokens that went on after the user was deactivated.
func TestSuspendedUserIsCutOffAtRefresh(t *testing.T) {
	for _, status := range []string{"suspended", "archived", "draft", "deleted"} {
		t.Run(status, func(t *testing.T) {
			s := start(t)
			rp, browser := s.Web(t), s.NewBrowser(t)
			user := s.AddUser("grace@example.com")
			tokens := rp.Exchange(browser.SignIn(rp, "grace@example.com", nil)).WantOK(t)
			other := s.Second(t)
			otherTokens := other.Exchange(browser.SignIn(other, "grace@example.com", map[string]string{"scope": "openid offline_access", "prompt": "consent"})).WantOK(t)
			if status == "deleted" {
				s.Directus.Delete(user)
			} else {
				s.Directus.SetStatus(user, status)
			}
			// The last look is fresh: Directus is not asked yet.
			tokens = rp.Refresh(tokens.Text("refresh_token")).WantOK(t)
			s.Clock.Advance(providertest.Staleness + time.Second)
			rp.Refresh(tokens.Text("refresh_token")).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)

			// Everything of the user ended, and stays so when the user returns.
			if status != "deleted" {
				s.Directus.SetStatus(user, "active")
				s.Clock.Advance(providertest.Staleness + time.Second)
			}
			dead(t, s, rp, tokens)
			dead(t, s, other, otherTokens)
			browser.Get(rp.AuthorizationURL(map[string]string{"prompt": "none"})).WantError(t, oauth.LoginRequired)
		})
	}
}

func TestSuspendedUserCannotRedeemACode(t *testing.T) {
	s := start(t)
	rp := s.Web(t)
	user := s.AddUser("grace@example.com")
	browser := s.NewBrowser(t)
	browser.SignIn(rp, "grace@example.com", nil)
	s.Clock.Advance(providertest.Staleness - time.Second)
	code := browser.SignIn(rp, "grace@example.com", nil)
	s.Directus.SetStatus(user, "suspended")
	s.Clock.Advance(2 * time.Second)
	rp.Exchange(code).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
}

func TestDirectusOutageLosesNothing(t *testing.T) {
	claims := storage.Client{
		ID: "claims", SecretDigests: providertest.Digests(providertest.WebSecret), FirstParty: true, IDTokenScopeClaims: true,
		RedirectURIs: []string{providertest.WebRedirectURI}, GrantTypes: []string{"authorization_code", "refresh_token"},
	}
	for _, test := range []struct {
		name, client string
		// answered is how many questions Directus still answers.
		answered int
	}{
		{"at the check", providertest.WebID, 0},
		{"at the check of a client with claims in its ID token", "claims", 0},
		{"after the check of a client with claims in its ID token", "claims", 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			// Every question goes to Directus.
			s := providertest.New(t, providertest.Options{Clients: []storage.Client{claims}, Staleness: -1, OutageStaleness: -1})
			s.AddUser(ada)
			rp, browser := s.RelyingParty(t, test.client, providertest.WebSecret, providertest.WebRedirectURI), s.NewBrowser(t)
			code := browser.SignIn(rp, ada, nil)
			outage := func(answer func() providertest.Answer) providertest.Answer {
				t.Helper()
				if test.answered > 0 {
					s.Directus.Inject(directustest.Fault{Path: "/users", Times: test.answered})
				}
				s.Directus.Inject(directustest.Fault{Path: "/users", Status: http.StatusServiceUnavailable, Code: "SERVICE_UNAVAILABLE"})
				refused := answer()
				s.Directus.ClearFaults()
				if refused.Status != http.StatusOK {
					refused.WantError(t, http.StatusServiceUnavailable, oauth.TemporarilyUnavailable)
					if refused.Header.Get("Retry-After") == "" {
						t.Error("the refusal does not say when to come again")
					}
					return answer().WantOK(t)
				}
				if test.answered == 0 {
					t.Error("the user was not looked up")
				}
				return refused
			}
			tokens := outage(func() providertest.Answer { return rp.Exchange(code) })
			first := tokens.Text("refresh_token")
			tokens = outage(func() providertest.Answer { return rp.Refresh(first) })
			outage(func() providertest.Answer { return s.UserInfo(t, tokens.Text("access_token")) })
		})
	}
}

// What ends everything of a user finds grants by the user's index, so a grant
// that lives on by refreshes must stay in it.
func TestLongChainOfRefreshesStaysListed(t *testing.T) {
	s := start(t)
	rp := s.Web(t)
	user := s.AddUser("grace@example.com")
	offline := map[string]string{"scope": "openid offline_access", "prompt": "consent"}
	chain := rp.Exchange(s.NewBrowser(t).SignIn(rp, "grace@example.com", offline)).WantOK(t)
	for range 4 {
		s.Clock.Advance(providertest.RefreshTokenLifetime - time.Second)
		chain = rp.Refresh(chain.Text("refresh_token")).WantOK(t)
		// A new sign-in prunes the index.
		rp.Exchange(s.NewBrowser(t).SignIn(rp, "grace@example.com", nil)).WantOK(t)
	}
	if err := s.Provider.EndUser(t.Context(), user, "test"); err != nil {
		t.Fatal(err)
	}
	dead(t, s, rp, chain)
}
