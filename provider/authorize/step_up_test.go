package authorize_test

import (
	"net/http"
	"testing"
	"time"

	"gatehouse/provider/event"
	"gatehouse/provider/oauth"
	"gatehouse/provider/providertest"
	"gatehouse/provider/session"
	"gatehouse/storage"
	"gatehouse/storage/directus/directustest"
)

const seedOfOTP = "JBSWY3DPEHPK3PXP"

// stepping is a user who signed in by password before he had a one-time password,
// set up elsewhere since.
func stepping(t *testing.T, more ...storage.Client) (*providertest.Server, *providertest.Browser) {
	t.Helper()
	s := start(t, more...)
	id := s.Directus.AddUser(directustest.User{Email: ida, Password: providertest.Password, FirstName: "Ida"})
	browser := s.NewBrowser(t)
	browser.SignIn(s.Second(t), ida, nil)
	s.Directus.Update(id, func(user *directustest.User) { user.OTPSecret = seedOfOTP })
	s.Clock.Advance(providertest.Staleness + time.Second)
	return s, browser
}

func acrOf(t *testing.T, s *providertest.Server, rp *providertest.RelyingParty, page *providertest.Page) any {
	t.Helper()
	return s.Verify(t, idToken(t, rp, page.Code(t))).Claims["acr"]
}

// byOTP signs in once more at the page that asks for it.
func byOTP(t *testing.T, s *providertest.Server, browser *providertest.Browser, page *providertest.Page) *providertest.Page {
	t.Helper()
	wantScreen(t, page, "/login")
	page = browser.Password(page, ida)
	wantScreen(t, page, "/login/otp")
	s.Clock.Advance(2 * time.Minute) // a code is taken once
	return browser.Press(page, "otp-submit", map[string]string{"otp": directustest.OTP(seedOfOTP, s.Clock.Now())})
}

func TestStepUp(t *testing.T) {
	wish := map[string]string{"acr_values": session.ACROTP}
	for name, change := range map[string]map[string]string{
		"acr_values":             wish,
		"acr_values, preferring": {"acr_values": session.ACROTP + " " + session.ACRPassword},
		"claim, as a wish":       {"claims": `{"id_token":{"acr":{"value":"` + session.ACROTP + `"}}}`},
		"claim, demanded":        {"claims": `{"id_token":{"acr":{"essential":true,"values":["` + session.ACROTP + `"]}}}`},
		"wish and max_age":       {"acr_values": session.ACROTP, "max_age": "3600"},
		"wish and login":         {"acr_values": session.ACROTP, "prompt": "login"},
	} {
		t.Run(name, func(t *testing.T) {
			s, browser := stepping(t)
			second := s.Second(t)
			page := byOTP(t, s, browser, browser.Get(second.AuthorizationURL(change)))
			if got := acrOf(t, s, second, page); got != session.ACROTP {
				t.Errorf("the acr is %v", got)
			}
			// It serves the next request, and is asked for no more.
			if got := acrOf(t, s, second, browser.Get(second.AuthorizationURL(wish))); got != session.ACROTP {
				t.Errorf("then the acr is %v", got)
			}
		})
	}
}

func TestStepUpByDefault(t *testing.T) {
	s, browser := stepping(t, storage.Client{
		ID: "careful", SecretDigests: providertest.Digests(providertest.WebSecret), FirstParty: true, DefaultACRValues: []string{session.ACROTP},
		RedirectURIs: []string{"https://careful.example/callback"}, GrantTypes: []string{"authorization_code"},
	})
	careful := s.RelyingParty(t, "careful", providertest.WebSecret, "https://careful.example/callback")
	// A request that wishes for something else wishes for that alone.
	if got := acrOf(t, s, careful, browser.Get(careful.AuthorizationURL(map[string]string{"acr_values": session.ACRPassword}))); got != session.ACRPassword {
		t.Errorf("the acr is %v", got)
	}
	page := byOTP(t, s, browser, browser.Get(careful.AuthorizationURL(nil)))
	if got := acrOf(t, s, careful, page); got != session.ACROTP {
		t.Errorf("the acr is %v", got)
	}
}

func TestNoStepUp(t *testing.T) {
	for name, change := range map[string]map[string]string{
		"nothing is wished for":          nil,
		"the password is preferred":      {"acr_values": session.ACRPassword + " " + session.ACROTP},
		"nobody may be asked for a wish": {"acr_values": session.ACROTP, "prompt": "none"},
		"an unknown way":                 {"acr_values": "urn:x"},
	} {
		t.Run(name, func(t *testing.T) {
			s, browser := stepping(t)
			second := s.Second(t)
			if got := acrOf(t, s, second, browser.Get(second.AuthorizationURL(change))); got != session.ACRPassword {
				t.Errorf("the acr is %v", got)
			}
		})
	}
	// Somebody without a one-time password goes on with the acr he has.
	s := start(t)
	second, browser := s.Second(t), s.NewBrowser(t)
	browser.SignIn(second, ada, nil)
	if got := acrOf(t, s, second, browser.Get(second.AuthorizationURL(map[string]string{"acr_values": session.ACROTP}))); got != session.ACRPassword {
		t.Errorf("the acr is %v", got)
	}
}

func TestStepUpThatIsDemandedSilently(t *testing.T) {
	s, browser := stepping(t)
	claims := `{"id_token":{"acr":{"essential":true,"value":"` + session.ACROTP + `"}}}`
	browser.Get(s.Second(t).AuthorizationURL(map[string]string{"claims": claims, "prompt": "none"})).WantError(t, oauth.LoginRequired)
}

// What one browser proved says nothing of another, nor does it change the session of
// another, though both are of the same user.
func TestStepUpIsOfItsBrowser(t *testing.T) {
	s, first := stepping(t)
	second := s.Second(t)
	wish := map[string]string{"acr_values": session.ACROTP}

	other := s.NewBrowser(t)
	waiting := first.Get(second.AuthorizationURL(wish))
	wantScreen(t, waiting, "/login")
	// The other one steps up, and tries the request of the first with it.
	page := byOTP(t, s, other, other.Get(second.AuthorizationURL(wish)))
	if got := acrOf(t, s, second, page); got != session.ACROTP {
		t.Errorf("the acr is %v", got)
	}
	other.Get(waiting.URL.String()).WantPage(t, http.StatusForbidden, "other_browser")

	wantScreen(t, first.Get(waiting.URL.String()), "/login")
	wantScreen(t, first.Get(second.AuthorizationURL(wish)), "/login")
	if got := acrOf(t, s, second, first.Get(second.AuthorizationURL(nil))); got != session.ACRPassword {
		t.Errorf("the acr of the first browser is %v", got)
	}
}

// Somebody who has none sets one up, and goes on with it.
func TestStepUpBySettingUp(t *testing.T) {
	s := start(t)
	s.Directus.AllowOwnUpdate("tfa_secret")
	second, browser := s.Second(t), s.NewBrowser(t)
	browser.SignIn(second, ada, nil)
	claims := `{"id_token":{"acr":{"essential":true,"value":"` + session.ACROTP + `"}}}`
	page := browser.Get(second.AuthorizationURL(map[string]string{"claims": claims}))
	wantScreen(t, page, "/login/enrol")
	page = browser.Press(page, "enrol-start", map[string]string{"current-password": providertest.Password})
	page = browser.Press(page, "enrol-confirm", map[string]string{"otp": directustest.OTP(spelt(page.Text("enrol-secret")), s.Clock.Now())})
	if got := acrOf(t, s, second, page); got != session.ACROTP {
		t.Errorf("the acr is %v", got)
	}
}

// Where the project lets nobody set one up, the app is told, and not that the person
// denied anything.
func TestStepUpThatCannotBeHad(t *testing.T) {
	s := start(t)
	second, browser := s.Second(t), s.NewBrowser(t)
	browser.SignIn(second, ada, nil)
	claims := `{"id_token":{"acr":{"essential":true,"value":"` + session.ACROTP + `"}}}`
	page := browser.Get(second.AuthorizationURL(map[string]string{"claims": claims}))
	browser.Press(page, "enrol-start", map[string]string{"current-password": providertest.Password}).
		WantError(t, oauth.UnmetAuthenticationRequirements)
	if s.Events.Count(event.ConsentDenied) != 0 {
		t.Error("the log says that consent was denied")
	}
}

func spelt(secret string) string {
	var letters []rune
	for _, r := range secret {
		if r != ' ' {
			letters = append(letters, r)
		}
	}
	return string(letters)
}
