package token_test

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"gatehouse/provider/clients"
	"gatehouse/provider/event"
	"gatehouse/provider/oauth"
	"gatehouse/provider/providertest"
	"gatehouse/storage"
)

// hybrid is app with every response type.
func hybrid(change func(*storage.Client)) storage.Client {
	return app(func(c *storage.Client) {
		c.ResponseTypes, c.GrantTypes = oauth.ResponseTypes(), []string{"authorization_code", "implicit", "refresh_token"}
		change(c)
	})
}

// frontChannel signs in and returns what came with the authorization response.
func frontChannel(t *testing.T, browser *providertest.Browser, rp *providertest.RelyingParty, responseType string, change map[string]string) url.Values {
	t.Helper()
	rp.ResponseType = responseType
	sent := browser.Through(browser.Get(rp.AuthorizationURL(change)), ada).Sent(t)
	if sent.Has("error") {
		t.Fatalf("%s: the client got %v", responseType, sent)
	}
	return sent
}

// half is computed here once more, by what OpenID Connect Core 1.0, section
// 3.1.3.6 says, without the library.
func half(algorithm, value string) string {
	digest := sha256.Sum256([]byte(value))
	all := digest[:]
	if algorithm == "EdDSA" {
		longer := sha512.Sum512([]byte(value))
		all = longer[:]
	}
	return base64.RawURLEncoding.EncodeToString(all[:len(all)/2])
}

// OpenID Connect Core 1.0, sections 3.2.2.10 and 3.3.2.11.
func TestIDTokenOfTheFrontChannelHoldsExactlyThis(t *testing.T) {
	for _, algorithm := range []string{"RS256", "ES256", "EdDSA"} {
		s := providertest.New(t, providertest.Options{
			Clients:    []storage.Client{hybrid(func(c *storage.Client) { c.IDTokenSignedResponseAlg = algorithm })},
			Algorithms: []jose.SignatureAlgorithm{jose.RS256, jose.ES256, jose.EdDSA},
		})
		subject, rp, browser := s.AddUser(ada), rpOf(t, s), s.NewBrowser(t)
		for _, responseType := range []string{"id_token", "id_token token", "code id_token", "code id_token token"} {
			for _, state := range []string{"", "a state"} {
				t.Run(algorithm+" "+responseType+" "+state, func(t *testing.T) {
					sent := frontChannel(t, browser, rp, responseType, map[string]string{"state": state})
					token := s.Verify(t, sent.Get("id_token"))
					now := s.Clock.Now().Unix()
					want := map[string]any{
						"iss": s.Issuer, "sub": subject, "aud": []any{"app"}, "exp": float64(now + int64(providertest.AccessTokenLifetime/time.Second)),
						"iat": float64(now), "auth_time": float64(now), "nonce": "nonce-app", "acr": "urn:gatehouse:acr:password",
						"amr": []any{"pwd"}, "sid": token.Claims["sid"],
					}
					if access := sent.Get("access_token"); access != "" {
						want["at_hash"] = half(algorithm, access)
					}
					if code := sent.Get("code"); code != "" {
						want["c_hash"] = half(algorithm, code)
					}
					if state != "" {
						want["s_hash"] = half(algorithm, state)
					}
					if responseType == "id_token" {
						// Nothing else will ever tell (section 5.4).
						want["name"], want["given_name"], want["family_name"] = "Ada Lovelace", "Ada", "Lovelace"
						want["email"], want["email_verified"] = ada, false
					}
					if diff := cmp.Diff(want, token.Claims); diff != "" {
						t.Errorf("claims (-want +got):\n%s", diff)
					}
					if token.Header.Algorithm != algorithm || token.Header.ExtraHeaders["typ"] != "JWT" {
						t.Errorf("header %v", token.Header)
					}
				})
			}
		}
	}
}

// Section 3.3.3.6: both ID tokens of one authorization speak of the same.
func TestIDTokensOfBothChannelsAgree(t *testing.T) {
	for _, responseType := range []string{"code id_token", "code id_token token"} {
		s, _ := start(t, hybrid(func(*storage.Client) {}))
		rp := rpOf(t, s)
		sent := frontChannel(t, s.NewBrowser(t), rp, responseType, nil)
		s.Clock.Advance(10 * time.Second)
		answer := rp.Exchange(sent.Get("code")).WantOK(t)
		front, back := s.Verify(t, sent.Get("id_token")).Claims, s.Verify(t, answer.Text("id_token")).Claims
		for _, same := range []string{"iss", "sub", "aud", "nonce", "auth_time", "acr", "amr", "sid"} {
			if front[same] == nil || !cmp.Equal(front[same], back[same]) {
				t.Errorf("%s: %s is %v in the front and %v in the back", responseType, same, front[same], back[same])
			}
		}
		if back["at_hash"] != half("RS256", answer.Text("access_token")) || back["c_hash"] != nil || back["s_hash"] != nil {
			t.Errorf("%s: the ID token of the token endpoint holds %v", responseType, back)
		}
		// RFC 6749, section 4.2.2: refresh tokens come by the code only.
		if sent.Has("refresh_token") || answer.Text("refresh_token") == "" {
			t.Errorf("%s: %v and then %s", responseType, sent, answer.Raw)
		}
	}
}

// The option serves apps that never call userinfo; where a code is given the ID
// token that it buys has the claims, and the one that the browser sees has not.
func TestScopeClaimsInIDTokensOfTheFrontChannel(t *testing.T) {
	s, _ := start(t, hybrid(func(c *storage.Client) { c.IDTokenScopeClaims = true }))
	browser, rp := s.NewBrowser(t), rpOf(t, s)
	for responseType, want := range map[string]any{"id_token": ada, "id_token token": ada, "code id_token": nil, "code id_token token": nil} {
		sent := frontChannel(t, browser, rp, responseType, nil)
		if got := s.Verify(t, sent.Get("id_token")).Claims["email"]; got != want {
			t.Errorf("%s: email is %v, want %v", responseType, got, want)
		}
		if sent.Has("code") {
			answer := rp.Exchange(sent.Get("code")).WantOK(t)
			if got := s.Verify(t, answer.Text("id_token")).Claims["email"]; got != ada {
				t.Errorf("%s: email is %v in the ID token of the code", responseType, got)
			}
		}
	}
}

func TestAccessTokensOfTheFrontChannelAreLikeOthers(t *testing.T) {
	s, subject := start(t, hybrid(func(c *storage.Client) {
		c.AccessTokenFormat, c.Audience = "jwt", []string{"https://api.example", "https://b.example"}
	}))
	sent := frontChannel(t, s.NewBrowser(t), rpOf(t, s), "id_token token", map[string]string{"resource": "https://b.example", "scope": "openid email"})
	token := s.Verify(t, sent.Get("access_token"))
	if token.Header.ExtraHeaders["typ"] != "at+jwt" || token.Claims["sub"] != subject || token.Claims["scope"] != "openid email" ||
		!cmp.Equal(token.Claims["aud"], []any{"https://b.example", s.Issuer}) {
		t.Errorf("token %v %v", token.Header, token.Claims)
	}
	if got := s.Verify(t, sent.Get("id_token")).Claims["at_hash"]; got != half("RS256", sent.Get("access_token")) {
		t.Errorf("at_hash is %v", got)
	}
}

// An access token of the front channel is good for as long as it says, whether
// its code is redeemed, expires, or was never there.
func TestAccessTokensOfTheFrontChannelLive(t *testing.T) {
	for _, responseType := range []string{"id_token token", "code token", "code id_token token"} {
		for _, redeem := range []bool{false, true} {
			if redeem && !strings.Contains(responseType, "code") {
				continue
			}
			s, _ := start(t, hybrid(func(*storage.Client) {}))
			rp := rpOf(t, s)
			sent := frontChannel(t, s.NewBrowser(t), rp, responseType, nil)
			if redeem {
				rp.Exchange(sent.Get("code")).WantOK(t)
			}
			s.Clock.Advance(providertest.AccessTokenLifetime - time.Second)
			if info := s.UserInfo(t, sent.Get("access_token")); info.Status != http.StatusOK {
				t.Errorf("%s, redeemed %v: dead too early: %s", responseType, redeem, info.Raw)
			}
			s.Clock.Advance(time.Second)
			if info := s.UserInfo(t, sent.Get("access_token")); info.Status != http.StatusUnauthorized {
				t.Errorf("%s, redeemed %v: alive too long: %s", responseType, redeem, info.Raw)
			}
		}
	}
}

// RFC 6749, section 4.1.2: what came with the code goes with it.
func TestCodeReplayRevokesAccessTokensOfTheFrontChannel(t *testing.T) {
	for _, responseType := range []string{"code token", "code id_token token"} {
		s, _ := start(t, hybrid(func(*storage.Client) {}))
		rp := rpOf(t, s)
		sent := frontChannel(t, s.NewBrowser(t), rp, responseType, nil)
		answer := rp.Exchange(sent.Get("code")).WantOK(t)
		s.UserInfo(t, sent.Get("access_token")).WantOK(t)
		rp.Exchange(sent.Get("code")).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
		for _, dead := range []string{sent.Get("access_token"), answer.Text("access_token")} {
			if info := s.UserInfo(t, dead); info.Status != http.StatusUnauthorized {
				t.Errorf("%s: a token of a replayed code serves: %s", responseType, info.Raw)
			}
		}
		rp.Refresh(answer.Text("refresh_token")).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
	}
}

func TestFrontChannelEndsWithTheSession(t *testing.T) {
	s, subject := start(t, hybrid(func(*storage.Client) {}))
	for _, responseType := range []string{"id_token token", "code token"} {
		for end, do := range map[string]func(*providertest.Browser){
			"sign-out":   func(b *providertest.Browser) { b.Press(b.Get(s.Issuer+"/logout"), "logout-confirm", nil) },
			"everything": func(*providertest.Browser) { endUser(t, s, subject) },
		} {
			browser := s.NewBrowser(t)
			sent := frontChannel(t, browser, rpOf(t, s), responseType, nil)
			s.UserInfo(t, sent.Get("access_token")).WantOK(t)
			do(browser)
			if info := s.UserInfo(t, sent.Get("access_token")); info.Status != http.StatusUnauthorized {
				t.Errorf("%s outlives %s: %s", responseType, end, info.Raw)
			}
		}
	}
}

func endUser(t *testing.T, s *providertest.Server, subject string) {
	t.Helper()
	// Whoever signs in within the same second is taken for one under way.
	defer s.Clock.Advance(time.Second)
	if err := s.Provider.EndUser(t.Context(), subject, "test"); err != nil {
		t.Fatal(err)
	}
}

// A client revokes a token of the front channel like any other (RFC 7009).
func TestRevocationOfTheFrontChannel(t *testing.T) {
	s, _ := start(t, hybrid(func(*storage.Client) {}))
	rp := rpOf(t, s)
	sent := frontChannel(t, s.NewBrowser(t), rp, "code token", nil)
	rp.Post("/revoke", url.Values{"token": {sent.Get("access_token")}}).WantOK(t)
	if info := s.UserInfo(t, sent.Get("access_token")); info.Status != http.StatusUnauthorized {
		t.Errorf("a revoked token serves: %s", info.Raw)
	}
	rp.Exchange(sent.Get("code")).WantOK(t)
}

// OpenID Connect Core 1.0, section 11: without a code no refresh token can come,
// so nothing outlives the session.
func TestOfflineAccessNeedsACode(t *testing.T) {
	s, subject := start(t, hybrid(func(*storage.Client) {}))
	for responseType, offline := range map[string]bool{"id_token token": false, "code token": true} {
		browser := s.NewBrowser(t)
		sent := frontChannel(t, browser, rpOf(t, s), responseType, map[string]string{"scope": "openid offline_access", "prompt": "consent"})
		if got := slices.Contains(strings.Fields(sent.Get("scope")), "offline_access"); got != offline {
			t.Errorf("%s: scope %q", responseType, sent.Get("scope"))
		}
		browser.Press(browser.Get(s.Issuer+"/logout"), "logout-confirm", nil)
		if info := s.UserInfo(t, sent.Get("access_token")); (info.Status == http.StatusOK) != offline {
			t.Errorf("%s after sign-out: %d", responseType, info.Status)
		}
	}
	endUser(t, s, subject)
}

// What a client got through the browser is on the list of what it has, before and
// without any redemption, for as long as it is worth something.
func TestFrontChannelIsListed(t *testing.T) {
	s, subject := start(t, hybrid(func(*storage.Client) {}))
	browser := s.NewBrowser(t)
	for _, test := range []struct {
		responseType string
		listed       bool
	}{{"code", false}, {"id_token", true}, {"id_token token", true}, {"code id_token", true}, {"code token", true}, {"code id_token token", true}} {
		frontChannel(t, browser, rpOf(t, s), test.responseType, nil)
		if got := listed(t, s, subject); got != test.listed {
			t.Errorf("%s: listed %v", test.responseType, got)
		}
		s.Clock.Advance(providertest.AccessTokenLifetime + 2*time.Minute)
		if listed(t, s, subject) {
			t.Errorf("%s is listed for ever", test.responseType)
		}
	}
}

// listed says whether the desk shows that the client holds something.
func listed(t *testing.T, s *providertest.Server, subject string) bool {
	t.Helper()
	apps, err := s.Provider.Desk().Apps(t.Context(), storage.Account{ID: subject})
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range apps {
		if one.Client.ID == "app" && !one.LastGrant.IsZero() {
			return true
		}
	}
	return false
}

func TestFrontChannelEvents(t *testing.T) {
	for responseType, issued := range map[string]int{"code": 0, "id_token": 1, "id_token token": 1, "code id_token": 1, "code id_token token": 1} {
		s, _ := start(t, hybrid(func(*storage.Client) {}))
		frontChannel(t, s.NewBrowser(t), rpOf(t, s), responseType, nil)
		if got := s.Events.Count(event.TokenIssued); got != issued || s.Events.Count(event.AuthorizationGranted) != 1 {
			t.Errorf("%s: %d tokens issued, want %d", responseType, got, issued)
		}
	}
}

// OpenID Connect Dynamic Client Registration 1.0, section 2.
func TestGrantTypesOfResponseTypes(t *testing.T) {
	for responseType, want := range map[string][]string{
		"code": {"authorization_code"}, "id_token": {"implicit"}, "token id_token": {"implicit"},
		"code id_token": {"authorization_code", "implicit"}, "token code": {"authorization_code", "implicit"},
		"id_token code token": {"authorization_code", "implicit"},
	} {
		client := clients.WithDefaults(storage.Client{ResponseTypes: []string{responseType}})
		if !slices.Equal(client.GrantTypes, want) || !slices.Contains(oauth.ResponseTypes(), client.ResponseTypes[0]) {
			t.Errorf("%s: %v %v, want %v", responseType, client.ResponseTypes, client.GrantTypes, want)
		}
	}
}
