package grant_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/provider/event"
	"gatehouse/provider/oauth"
	"gatehouse/provider/providertest"
	"gatehouse/storage"
)

// signedIn is a client with tokens of a session.
func signedIn(t *testing.T, s *providertest.Server, rp *providertest.RelyingParty, change map[string]string) providertest.Answer {
	t.Helper()
	return rp.Exchange(s.NewBrowser(t).SignIn(rp, ada, change)).WantOK(t)
}

func TestRefreshRotates(t *testing.T) {
	s := start(t)
	rp := s.Web(t)
	tokens := signedIn(t, s, rp, nil)
	seen := map[string]bool{}
	for range 5 {
		if seen[tokens.Text("refresh_token")] || seen[tokens.Text("access_token")] {
			t.Fatal("a token came twice")
		}
		seen[tokens.Text("refresh_token")], seen[tokens.Text("access_token")] = true, true
		s.Clock.Advance(10 * time.Second)
		tokens = rp.Refresh(tokens.Text("refresh_token")).WantOK(t)
		s.UserInfo(t, tokens.Text("access_token")).WantOK(t)
	}
}

func TestRefreshInParallelYieldsOneSuccessor(t *testing.T) {
	s := start(t)
	rp := s.Web(t)
	tokens := signedIn(t, s, rp, nil)
	const calls = 32
	answers := make([]providertest.Answer, calls)
	var begin, done sync.WaitGroup
	begin.Add(1)
	for i := range calls {
		done.Go(func() {
			begin.Wait()
			answers[i] = rp.Refresh(tokens.Text("refresh_token"))
		})
	}
	begin.Done()
	done.Wait()
	for _, answer := range answers {
		if answer.WantOK(t).Text("refresh_token") != answers[0].Text("refresh_token") {
			t.Error("parallel calls got different successors")
		}
	}
	rp.Refresh(answers[0].Text("refresh_token")).WantOK(t)
}

func TestRefreshReplay(t *testing.T) {
	for _, test := range []struct {
		name string
		// act is what happens after the rotation and returns the tokens that
		// are then the newest.
		act    func(s *providertest.Server, rp *providertest.RelyingParty, successor providertest.Answer) providertest.Answer
		status int
		// revoked says what the replay does to the newest tokens.
		revoked bool
	}{
		{"within the window gets the successor again", func(s *providertest.Server, _ *providertest.RelyingParty, successor providertest.Answer) providertest.Answer {
			s.Clock.Advance(providertest.ReplayWindow - time.Second)
			return successor
		}, http.StatusOK, false},
		{"within the window after the successor was used gets nothing", func(_ *providertest.Server, rp *providertest.RelyingParty, successor providertest.Answer) providertest.Answer {
			return rp.Refresh(successor.Text("refresh_token"))
		}, http.StatusBadRequest, false},
		{"at the end of the window revokes the grant", func(s *providertest.Server, _ *providertest.RelyingParty, successor providertest.Answer) providertest.Answer {
			s.Clock.Advance(providertest.ReplayWindow)
			return successor
		}, http.StatusBadRequest, true},
		{"after the window and more refreshes revokes the grant", func(s *providertest.Server, rp *providertest.RelyingParty, successor providertest.Answer) providertest.Answer {
			for range 4 {
				s.Clock.Advance(providertest.ReplayWindow)
				successor = rp.Refresh(successor.Text("refresh_token"))
			}
			return successor
		}, http.StatusBadRequest, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := start(t)
			rp := s.Web(t)
			first := signedIn(t, s, rp, nil)
			successor := rp.Refresh(first.Text("refresh_token")).WantOK(t)
			newest := test.act(s, rp, successor).WantOK(t)

			again := rp.Refresh(first.Text("refresh_token"))
			if test.status != http.StatusOK {
				again.WantError(t, test.status, oauth.InvalidGrant)
			} else if again.WantOK(t).Text("refresh_token") != successor.Text("refresh_token") {
				t.Error("the replay got another successor")
			}
			if test.revoked {
				dead(t, s, rp, newest)
			} else {
				s.UserInfo(t, newest.Text("access_token")).WantOK(t)
				rp.Refresh(newest.Text("refresh_token")).WantOK(t)
			}
			if reused := s.Events.Count(event.RefreshTokenReused) > 0; reused != test.revoked {
				t.Errorf("event of reuse: %t, want %t", reused, test.revoked)
			}
		})
	}
}

func TestReplayDoesNotExtendTheWindow(t *testing.T) {
	s := start(t)
	rp := s.Web(t)
	first := signedIn(t, s, rp, nil)
	rp.Refresh(first.Text("refresh_token")).WantOK(t)
	s.Clock.Advance(20 * time.Second)
	rp.Refresh(first.Text("refresh_token")).WantOK(t)
	s.Clock.Advance(20 * time.Second)
	rp.Refresh(first.Text("refresh_token")).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
}

func TestRefreshTokenIsBoundToItsClient(t *testing.T) {
	s := start(t)
	rp, second := s.Web(t), s.Second(t)
	tokens := signedIn(t, s, rp, nil)
	second.Refresh(tokens.Text("refresh_token")).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)

	old := tokens.Text("refresh_token")
	tokens = rp.Refresh(old).WantOK(t)
	second.Refresh(old).WantError(t, http.StatusBadRequest, oauth.InvalidGrant) // nor within the window
	s.Clock.Advance(time.Hour)
	second.Refresh(old).WantError(t, http.StatusBadRequest, oauth.InvalidGrant) // nor does it revoke
	rp.Refresh(tokens.Text("refresh_token")).WantOK(t)
}

func TestRefreshWithoutClientAuthenticationDoesNothing(t *testing.T) {
	s := start(t)
	rp := s.Web(t)
	tokens := signedIn(t, s, rp, nil)
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {tokens.Text("refresh_token")}}
	impostor := s.RelyingParty(t, rp.ID, strings.Repeat("x", 40), "")
	impostor.Token(form).WantError(t, http.StatusUnauthorized, oauth.InvalidClient)
	s.RelyingParty(t, rp.ID, "", "").Token(form).WantError(t, http.StatusUnauthorized, oauth.InvalidClient)
	s.Clock.Advance(time.Hour)
	impostor.Token(form).WantError(t, http.StatusUnauthorized, oauth.InvalidClient)
	rp.Refresh(tokens.Text("refresh_token")).WantOK(t)
}

func TestRefreshScope(t *testing.T) {
	s := start(t)
	rp := s.Web(t)
	tokens := signedIn(t, s, rp, nil)
	for _, test := range []struct {
		name, scope, granted, refused string
		idToken                       bool
	}{
		{"left out", "", "openid profile email", "", true},
		{"empty counts as left out", " ", "openid profile email", "", true},
		{"narrowed", "openid email", "openid email", "", true},
		{"narrowed to no openid", "email", "email", "", false},
		{"in another order", "email openid", "openid email", "", true},
		{"a scope twice", "openid openid", "openid", "", true},
		{"widened", "openid phone", "", oauth.InvalidScope, false},
		{"unknown", "openid nonsense", "", oauth.InvalidScope, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {tokens.Text("refresh_token")}, "scope": {test.scope}}
			answer := rp.Token(form)
			if test.refused != "" {
				answer.WantError(t, http.StatusBadRequest, test.refused)
				return
			}
			tokens = answer.WantOK(t)
			if !sameScopes(answer.Text("scope"), test.granted) || (answer.Text("id_token") != "") != test.idToken {
				t.Errorf("granted %q and ID token %t", answer.Text("scope"), answer.Text("id_token") != "")
			}
		})
	}
	// What was narrowed once is whole again the next time.
	if answer := rp.Refresh(tokens.Text("refresh_token")).WantOK(t); !sameScopes(answer.Text("scope"), "openid profile email") {
		t.Errorf("then granted %q", answer.Text("scope"))
	}
}

func sameScopes(a, b string) bool {
	have := map[string]int{}
	for scope := range strings.FieldsSeq(a) {
		have[scope]++
	}
	for scope := range strings.FieldsSeq(b) {
		have[scope]--
	}
	for _, n := range have {
		if n != 0 {
			return false
		}
	}
	return true
}

func TestRefreshExpires(t *testing.T) {
	offline := map[string]string{"scope": "openid offline_access", "prompt": "consent"}
	for _, test := range []struct {
		name   string
		unused time.Duration
		status int
	}{
		{"just before its end", providertest.RefreshTokenLifetime - time.Second, http.StatusOK},
		{"at its end", providertest.RefreshTokenLifetime, http.StatusBadRequest},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := start(t)
			rp := s.Web(t)
			tokens := signedIn(t, s, rp, offline)
			s.Clock.Advance(test.unused)
			answer := rp.Refresh(tokens.Text("refresh_token"))
			if test.status != http.StatusOK {
				answer.WantError(t, test.status, oauth.InvalidGrant)
				return
			}
			// Use starts its time anew.
			s.Clock.Advance(test.unused)
			rp.Refresh(answer.WantOK(t).Text("refresh_token")).WantOK(t)
		})
	}
}

func TestRotationPolicies(t *testing.T) {
	secret := "policy-secret-0123456789abcdef0123456"
	confidential := func(policy string) storage.Client {
		return storage.Client{
			ID: "policy", SecretDigests: providertest.Digests(secret), RefreshTokenRotation: policy, FirstParty: true,
			RedirectURIs: []string{providertest.WebRedirectURI}, GrantTypes: []string{"authorization_code", "refresh_token"},
		}
	}
	public := confidential("public_only")
	public.SecretDigests, public.TokenEndpointAuthMethod = nil, "none"
	for _, test := range []struct {
		name    string
		client  storage.Client
		secret  string
		rotates bool
	}{
		{"default", confidential(""), secret, true},
		{"always", confidential("always"), secret, true},
		{"public_only of a confidential client", confidential("public_only"), secret, false},
		{"public_only of a public client", public, "", true},
		{"never", confidential("never"), secret, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := start(t, test.client)
			rp := s.RelyingParty(t, "policy", test.secret, providertest.WebRedirectURI)
			first := signedIn(t, s, rp, nil).Text("refresh_token")
			second := rp.Refresh(first).WantOK(t).Text("refresh_token")
			s.Clock.Advance(providertest.ReplayWindow)
			again := rp.Refresh(first)
			if !test.rotates {
				if second != "" && second != first {
					t.Error("the refresh token was replaced")
				}
				again.WantOK(t)
				return
			}
			if second == "" || second == first {
				t.Error("the refresh token was not replaced")
			}
			again.WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
		})
	}
}

// Without rotation, too, a refresh token ends only after it lay unused, and what
// it gives lasts as long as it says.
func TestUnrotatedRefreshTokenLivesByUse(t *testing.T) {
	secret := "policy-secret-0123456789abcdef0123456"
	s := start(t, storage.Client{
		ID: "policy", SecretDigests: providertest.Digests(secret), RefreshTokenRotation: "never", FirstParty: true,
		RedirectURIs: []string{providertest.WebRedirectURI}, GrantTypes: []string{"authorization_code", "refresh_token"},
	})
	rp := s.RelyingParty(t, "policy", secret, providertest.WebRedirectURI)
	first := signedIn(t, s, rp, map[string]string{"scope": "openid offline_access"}).Text("refresh_token")
	for range 3 {
		s.Clock.Advance(providertest.RefreshTokenLifetime - providertest.AccessTokenLifetime)
		tokens := rp.Refresh(first).WantOK(t)
		s.Clock.Advance(providertest.AccessTokenLifetime - time.Second)
		s.UserInfo(t, tokens.Text("access_token")).WantOK(t)
	}
	s.Clock.Advance(providertest.RefreshTokenLifetime)
	rp.Refresh(first).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
}

func TestHandlesOfOtherKindsAreNoRefreshTokens(t *testing.T) {
	s := start(t)
	rp, browser := s.Web(t), s.NewBrowser(t)
	tokens := rp.Exchange(browser.SignIn(rp, ada, nil)).WantOK(t)
	code, refresh := browser.SignIn(rp, ada, nil), tokens.Text("refresh_token")
	for name, presented := range map[string]string{
		"a code":                           code,
		"an access token":                  tokens.Text("access_token"),
		"an ID token":                      tokens.Text("id_token"),
		"a truncated refresh token":        refresh[:len(refresh)-1],
		"a refresh token with a line feed": refresh + "\n",
		"a changed refresh token":          flip(refresh),
	} {
		t.Run(name, func(t *testing.T) {
			rp.Refresh(presented).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
		})
	}
	rp.Token(url.Values{"grant_type": {"refresh_token"}}).WantError(t, http.StatusBadRequest, oauth.InvalidRequest)
	rp.Refresh(refresh).WantOK(t)
}
