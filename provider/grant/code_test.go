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

const ada = "ada@example.com"

func start(t *testing.T, clients ...storage.Client) *providertest.Server {
	t.Helper()
	s := providertest.New(t, providertest.Options{Clients: clients})
	s.AddUser(ada)
	return s
}

// redemption is what an honest client sends.
func redemption(rp *providertest.RelyingParty, code string) url.Values {
	return url.Values{
		"grant_type": {"authorization_code"}, "code": {code},
		"redirect_uri": {rp.RedirectURI}, "code_verifier": {rp.Verifier()},
	}
}

// dead fails the test unless nothing that a code gave is good any more.
func dead(t *testing.T, s *providertest.Server, rp *providertest.RelyingParty, tokens providertest.Answer) {
	t.Helper()
	s.UserInfo(t, tokens.Text("access_token")).WantError(t, http.StatusUnauthorized, oauth.InvalidToken)
	rp.Refresh(tokens.Text("refresh_token")).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
}

func TestCodeIsRedeemedOnceUnderConcurrency(t *testing.T) {
	s := start(t)
	rp := s.Web(t)
	code := s.NewBrowser(t).SignIn(rp, ada, nil)
	const calls = 64
	answers := make([]providertest.Answer, calls)
	var begin, done sync.WaitGroup
	begin.Add(1)
	for i := range calls {
		done.Go(func() {
			begin.Wait()
			answers[i] = rp.Token(redemption(rp, code))
		})
	}
	begin.Done()
	done.Wait()
	won := 0
	for _, answer := range answers {
		if answer.Status == http.StatusOK {
			won++
			continue
		}
		answer.WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
	}
	if won != 1 {
		t.Errorf("%d of %d redemptions succeeded, want 1", won, calls)
	}
}

func TestCodeReplayRevokesWhatTheCodeGave(t *testing.T) {
	for _, test := range []struct {
		name  string
		later time.Duration
	}{
		{"at once", 0},
		{"after 30 seconds", 30 * time.Second},
		{"after the code's lifetime", 5 * time.Minute},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := start(t)
			rp := s.Web(t)
			code := s.NewBrowser(t).SignIn(rp, ada, nil)
			tokens := rp.Exchange(code).WantOK(t)
			tokens = rp.Refresh(tokens.Text("refresh_token")).WantOK(t)
			s.UserInfo(t, tokens.Text("access_token")).WantOK(t)
			s.Clock.Advance(test.later)
			rp.Exchange(code).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
			dead(t, s, rp, tokens)
			if s.Events.Count(event.CodeReplayed) != 1 {
				t.Error("the replay left no event")
			}
		})
	}
}

func TestCodeIsBoundToTheRequest(t *testing.T) {
	s := start(t)
	rp, browser := s.Web(t), s.NewBrowser(t)
	for _, test := range []struct {
		name   string
		change map[string]string
		error  string
	}{
		{"code missing", map[string]string{"code": ""}, oauth.InvalidRequest},
		{"redirect_uri missing", map[string]string{"redirect_uri": ""}, oauth.InvalidGrant},
		{"redirect_uri another registered one", map[string]string{"redirect_uri": providertest.WebQueryURI}, oauth.InvalidGrant},
		{"redirect_uri with a slash more", map[string]string{"redirect_uri": providertest.WebRedirectURI + "/"}, oauth.InvalidGrant},
		{"code_verifier missing", map[string]string{"code_verifier": ""}, oauth.InvalidGrant},
		{"code_verifier wrong", map[string]string{"code_verifier": strings.Repeat("a", 43)}, oauth.InvalidGrant},
		{"code_verifier too short", map[string]string{"code_verifier": strings.Repeat("a", 42)}, oauth.InvalidGrant},
		{"code_verifier too long", map[string]string{"code_verifier": strings.Repeat("a", 129)}, oauth.InvalidGrant},
		{"grant_type missing", map[string]string{"grant_type": ""}, oauth.InvalidRequest},
		{"grant_type unknown", map[string]string{"grant_type": "password"}, oauth.UnsupportedGrantType},
	} {
		t.Run(test.name, func(t *testing.T) {
			code := browser.SignIn(rp, ada, nil)
			form := redemption(rp, code)
			for name, value := range test.change {
				form.Set(name, value)
			}
			rp.Token(form).WantError(t, http.StatusBadRequest, test.error)
			// The mistake has not spent the code.
			rp.Exchange(code).WantOK(t)
		})
	}
}

func TestCodeIsBoundToItsClient(t *testing.T) {
	s := start(t)
	rp, second := s.Web(t), s.Second(t)
	code := s.NewBrowser(t).SignIn(rp, ada, nil)
	second.Token(redemption(rp, code)).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
	tokens := rp.Exchange(code).WantOK(t)
	// Nor does another client's replay revoke anything.
	second.Token(redemption(rp, code)).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
	s.UserInfo(t, tokens.Text("access_token")).WantOK(t)
}

func TestCodeExpires(t *testing.T) {
	for _, test := range []struct {
		name   string
		age    time.Duration
		status int
	}{
		{"a second before its end", providertest.CodeLifetime - time.Second, http.StatusOK},
		{"at its end", providertest.CodeLifetime, http.StatusBadRequest},
		{"long after", time.Hour, http.StatusBadRequest},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := start(t)
			rp := s.Web(t)
			code := s.NewBrowser(t).SignIn(rp, ada, nil)
			s.Clock.Advance(test.age)
			answer := rp.Exchange(code)
			if test.status == http.StatusOK {
				answer.WantOK(t)
				return
			}
			answer.WantError(t, test.status, oauth.InvalidGrant)
		})
	}
}

func TestCodeEndsWithTheSession(t *testing.T) {
	s := start(t)
	rp, browser := s.Web(t), s.NewBrowser(t)
	code := browser.SignIn(rp, ada, nil)
	page := browser.Get(s.Issuer + "/logout")
	browser.Press(page, "logout-confirm", nil)
	rp.Exchange(code).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
}

func TestHandlesOfOtherKindsAreNoCodes(t *testing.T) {
	s := start(t)
	rp, browser := s.Web(t), s.NewBrowser(t)
	tokens := rp.Exchange(browser.SignIn(rp, ada, nil)).WantOK(t)
	waiting := s.NewBrowser(t).Get(rp.AuthorizationURL(nil)).URL.Query().Get("request")
	code := browser.SignIn(rp, ada, nil)
	for name, presented := range map[string]string{
		"an access token":         tokens.Text("access_token"),
		"a refresh token":         tokens.Text("refresh_token"),
		"an ID token":             tokens.Text("id_token"),
		"a waiting request":       waiting,
		"a truncated code":        code[:len(code)-1],
		"a code cut at the front": code[1:],
		"a code with a tail":      code + "A",
		"a code with a line feed": code[:8] + "\n" + code[8:],
		"a code with padding":     code + "=",
		"a changed code":          flip(code),
		"words":                   "code",
	} {
		t.Run(name, func(t *testing.T) {
			rp.Exchange(presented).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
		})
	}
	rp.Exchange(code).WantOK(t)
	s.UserInfo(t, tokens.Text("access_token")).WantOK(t)
}

// flip changes a character in the middle.
func flip(handle string) string {
	at, other := len(handle)/2, "A"
	if handle[at] == 'A' {
		other = "B"
	}
	return handle[:at] + other + handle[at+1:]
}

func TestUnguessableCode(t *testing.T) {
	s := start(t)
	rp, browser := s.Web(t), s.NewBrowser(t)
	first, second := browser.SignIn(rp, ada, nil), browser.SignIn(rp, ada, nil)
	if first == second || len(first) < 43 {
		t.Errorf("codes %q and %q", first, second)
	}
}
