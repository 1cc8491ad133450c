package authorize_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"gatehouse/provider/oauth"
	"gatehouse/provider/providertest"
)

// An attacker starts a request and sends its address to a victim, to be signed in
// as the victim, or resumes what the victim has signed in to.
func TestRequestBelongsToItsBrowser(t *testing.T) {
	s := start(t)
	web, attacker, victim := s.Web(t), s.NewBrowser(t), s.NewBrowser(t)
	victim.SignIn(web, ada, nil) // the victim even has a session
	page := attacker.Get(web.AuthorizationURL(nil))
	handle := handleOf(t, page)
	for _, path := range []string{"/login?request=", "/consent?request=", "/select-account?request=", "/login/otp?request="} {
		victim.Get(s.Issuer+path+handle).WantPage(t, http.StatusForbidden, "other_browser")
	}
	victim.Get(s.Issuer+"/authorize/"+handle).WantPage(t, http.StatusBadRequest, oauth.InvalidRequest)
	victim.Post(s.Issuer+"/login?request="+handle, url.Values{
		"username": {ada}, "password": {providertest.Password}, "action": {"sign-in"},
	}).WantPage(t, http.StatusForbidden, "other_browser")
	victim.Post(s.Issuer+"/consent?request="+handle, url.Values{"action": {"deny"}}).WantPage(t, http.StatusForbidden, "other_browser")
	if s.Directus.Calls("/auth/login") != 1 {
		t.Error("the victim's password went to Directus for the attacker's request")
	}
	// The attacker gets no further than before.
	if resumed := attacker.Get(s.Issuer + "/authorize/" + handle); resumed.URL.Path != "/login" {
		t.Errorf("the attacker resumed at %s (%v)", resumed.URL, resumed.Left)
	}
	// And the victim is told the way to the app.
	if got := victim.Get(s.Issuer + "/login?request=" + handle).Link("start-again"); got != "https://web.example/" {
		t.Errorf("the way back is %q", got)
	}
}

// The victim's request, known to the attacker: the code must not come out there.
func TestRequestCannotBeResumedElsewhereAfterSignIn(t *testing.T) {
	s := start(t)
	web, attacker, victim := s.Web(t), s.NewBrowser(t), s.NewBrowser(t)
	page := victim.Get(web.AuthorizationURL(nil))
	handle := handleOf(t, page)
	page = victim.Password(page, ada) // rests at consent
	if !page.Has("consent-allow") {
		t.Fatalf("rests at %s", page.URL)
	}
	attacker.Get(s.Issuer+"/authorize/"+handle).WantPage(t, http.StatusBadRequest, oauth.InvalidRequest)
	attacker.Post(s.Issuer+"/consent?request="+handle, url.Values{"digest": {page.Field("digest")}, "action": {"allow"}}).
		WantPage(t, http.StatusForbidden, "other_browser")
	// With its cookie but without the session it is a sign-in again.
	var binding []*http.Cookie
	for _, c := range victim.Cookies() {
		if strings.HasPrefix(c.Name, "gatehouse_request_") {
			binding = append(binding, c)
		}
	}
	attacker.SetCookies(binding)
	if resumed := attacker.Get(s.Issuer + "/authorize/" + handle); resumed.URL.Path != "/login" {
		t.Errorf("without the session it went on at %s", resumed.URL)
	}
	victim.Press(page, "consent-allow", nil).Code(t)
}

func TestForgedHandlesExpire(t *testing.T) {
	s := start(t)
	web, browser := s.Web(t), s.NewBrowser(t)
	code := browser.SignIn(web, ada, nil)
	handle := handleOf(t, browser.Get(web.AuthorizationURL(map[string]string{"prompt": "login"})))
	for name, forged := range map[string]string{
		"empty": "", "words": "nonsense", "truncated": handle[:len(handle)-2], "a code": code, "with a tail": handle + "AAAA",
	} {
		t.Run(name, func(t *testing.T) {
			browser.Get(s.Issuer+"/login?request="+forged).WantPage(t, http.StatusGone, "request_expired")
			if forged != "" {
				browser.Get(s.Issuer+"/authorize/"+forged).WantPage(t, http.StatusBadRequest, oauth.InvalidRequest)
			}
		})
	}
}

func TestExpiredRequestShowsTheWayBack(t *testing.T) {
	s := start(t)
	web, browser := s.Web(t), s.NewBrowser(t)
	page := browser.Get(web.AuthorizationURL(nil))
	handle := handleOf(t, page)
	s.Clock.Advance(providertest.RequestLifetime)
	for _, again := range []*providertest.Page{
		browser.Get(s.Issuer + "/login?request=" + handle),
		browser.Get(s.Issuer + "/authorize/" + handle),
		browser.Password(page, ada),
	} {
		if again.Status < 400 || again.Link("start-again") != "https://web.example/" {
			t.Errorf("%s answered %d with the way back %q", again.URL.Path, again.Status, again.Link("start-again"))
		}
	}
}

func TestBackButtonAfterCompletion(t *testing.T) {
	s := start(t)
	web, browser := s.Web(t), s.NewBrowser(t)
	login := browser.Get(web.AuthorizationURL(nil))
	handle := handleOf(t, login)
	consent := browser.Password(login, ada)
	code := browser.Press(consent, "consent-allow", nil).Code(t)
	for name, again := range map[string]*providertest.Page{
		"the sign-in page again":     browser.Get(s.Issuer + "/login?request=" + handle),
		"the consent page again":     browser.Get(s.Issuer + "/consent?request=" + handle),
		"the consent form once more": browser.Press(consent, "consent-allow", nil),
		"the sign-in form once more": browser.Password(login, ada),
		"the denial afterwards":      browser.Press(consent, "consent-deny", nil),
		"the resuming address":       browser.Get(s.Issuer + "/authorize/" + handle),
	} {
		if again.Left != nil || again.Status < 400 || again.Link("start-again") != "https://web.example/" {
			t.Errorf("%s: %d at %s, left %v", name, again.Status, again.URL, again.Left)
		}
	}
	web.Exchange(code).WantOK(t)
}

func TestSeveralTabs(t *testing.T) {
	s := start(t)
	web, second, browser := s.Web(t), s.Second(t), s.NewBrowser(t)
	one, two := browser.Get(web.AuthorizationURL(nil)), browser.Get(second.AuthorizationURL(nil))
	three := browser.Get(web.AuthorizationURL(map[string]string{"state": "three"}))
	web.Exchange(browser.Through(one, ada).Code(t)).WantOK(t)
	// The others notice: reloading goes straight on, and so does the form.
	second.Exchange(browser.Get(two.URL.String()).Code(t)).WantOK(t)
	page := browser.Password(three, ada)
	if page.Sent(t).Get("state") != "three" {
		t.Errorf("the third tab got %v", page.Sent(t))
	}
	web.Exchange(page.Code(t)).WantOK(t)
}

// Of two tabs with the same request one gets a code.
func TestOneRequestOneCode(t *testing.T) {
	s := start(t)
	web, browser := s.Web(t), s.NewBrowser(t)
	login := browser.Get(web.AuthorizationURL(nil))
	consent := browser.Password(login, ada)
	browser.Press(consent, "consent-allow", nil).Code(t)
	browser.Get(s.Issuer+"/authorize/"+handleOf(t, login)).WantPage(t, http.StatusBadRequest, oauth.InvalidRequest)
}

func TestWaitingRequestsAreBounded(t *testing.T) {
	s := start(t)
	web, browser := s.Web(t), s.NewBrowser(t)
	var pages []*providertest.Page
	for range 30 {
		pages = append(pages, browser.Get(web.AuthorizationURL(nil)))
	}
	waiting := 0
	for _, c := range browser.Cookies() {
		if strings.HasPrefix(c.Name, "gatehouse_request_") {
			waiting++
		}
	}
	if waiting > 12 {
		t.Errorf("the browser holds %d request cookies", waiting)
	}
	browser.Get(pages[0].URL.String()).WantPage(t, http.StatusForbidden, "other_browser")
	browser.Through(pages[len(pages)-1], ada).Code(t)
}

// The account changes in another tab while the consent page is shown.
func TestConsentIsForTheAccountThatSawIt(t *testing.T) {
	s := start(t)
	web, browser := s.Web(t), s.NewBrowser(t)
	login := browser.Get(web.AuthorizationURL(map[string]string{"prompt": "consent"}))
	consent := browser.Password(login, ada)
	if !strings.Contains(consent.Body, ada) {
		t.Fatalf("rests at %s", consent.URL)
	}
	// Another tab of the same request signs in as somebody else.
	again := browser.Password(browser.Get(s.Issuer+"/login?other=1&request="+handleOf(t, login)), grace)
	if !strings.Contains(again.Body, grace) {
		t.Fatalf("rests at %s", again.URL)
	}
	page := browser.Press(consent, "consent-allow", nil)
	if page.Left != nil || !page.Has("consent-allow") || !strings.Contains(page.Body, grace) {
		t.Fatalf("what ada allowed was taken for grace's consent: %s %v", page.URL, page.Left)
	}
	got := sub(t, s, web, browser.Press(page, "consent-allow", nil).Code(t))
	if user, _ := s.Directus.User(got); user.Email != grace {
		t.Errorf("the code is for %s", user.Email)
	}
}

func TestConsentWithoutDigestCountsForNothing(t *testing.T) {
	s := start(t)
	web, browser := s.Web(t), s.NewBrowser(t)
	consent := browser.Password(browser.Get(web.AuthorizationURL(nil)), ada)
	for _, digest := range []string{"", "nonsense"} {
		page := browser.Press(consent, "consent-allow", map[string]string{"digest": digest})
		if page.Left != nil || !page.Has("consent-allow") {
			t.Errorf("digest %q: rests at %s, left %v", digest, page.URL, page.Left)
		}
	}
	browser.Press(consent, "consent-allow", nil).Code(t)
}

// The digest of one request's consent page does not serve another's.
func TestConsentOfOneRequestServesNoOther(t *testing.T) {
	s := start(t)
	web, browser := s.Web(t), s.NewBrowser(t)
	small := browser.Password(browser.Get(web.AuthorizationURL(map[string]string{"scope": "openid"})), ada)
	large := browser.Get(web.AuthorizationURL(map[string]string{"scope": "openid email phone address offline_access"}))
	page := browser.Press(large, "consent-allow", map[string]string{"digest": small.Field("digest")})
	if page.Left != nil || !page.Has("consent-allow") {
		t.Errorf("rests at %s, left %v", page.URL, page.Left)
	}
}

func TestRequestSurvivesAWrongPassword(t *testing.T) {
	s := start(t)
	web, browser := s.Web(t), s.NewBrowser(t)
	page := browser.Get(web.AuthorizationURL(nil))
	path := page.URL.Path
	page = browser.Press(page, "login-submit", map[string]string{"username": ada, "password": "wrong"})
	if page.URL.Path != path || !page.Has("login-submit") {
		t.Fatalf("a wrong password led to %s (%d)", page.URL, page.Status)
	}
	s.Clock.Advance(time.Minute)
	browser.Through(page, ada).Code(t)
}
