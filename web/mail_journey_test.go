package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/provider/providertest"
	"gatehouse/storage/directus/directustest"
)

// openHouse is a provider over a Directus where anybody may register.
func openHouse(t *testing.T, verifies bool) *providertest.Server {
	t.Helper()
	s := providertest.New(t, providertest.Options{})
	s.Directus.SetRegistration(directustest.Registration{Open: true, VerifiesEmail: verifies})
	return s
}

// mary is what a new person types.
func mary() map[string]string {
	return map[string]string{"given-name": "Mary", "family-name": "Shelley", "username": "mary@example.com", "new-password": providertest.Password}
}

func TestJourneyOfRegistration(t *testing.T) {
	s := openHouse(t, true)
	rp, browser := s.Second(t), s.NewBrowser(t)
	page := browser.Get(rp.AuthorizationURL(map[string]string{"prompt": "create"}))
	wantAt(t, page, "/register")
	page = browser.Press(page, "register-submit", mary())
	wantAt(t, page, "/register/done")
	if page.Text("mail-address") != "mary@example.com" {
		t.Errorf("the page names %q", page.Text("mail-address"))
	}
	id, ok := s.Directus.FindUser("mary@example.com")
	user, _ := s.Directus.User(id)
	if !ok || user.Status != "unverified" || user.FirstName != "Mary" || user.LastName != "Shelley" {
		t.Fatalf("user %+v", user)
	}
	mail := s.Mail(t, directustest.VerificationMail, "mary@example.com")
	if !strings.HasPrefix(mail.Link, s.Issuer+"/verify-email?request=") {
		t.Errorf("the mail leads to %s", mail.Link)
	}

	// A program that looks through mails opens every address.
	for range 3 {
		s.NewBrowser(t).Get(mail.Link)
	}
	if user, _ := s.Directus.User(id); user.Status != "unverified" {
		t.Fatal("opening the link spent the token")
	}

	page = browser.Get(mail.Link)
	wantAt(t, page, "/verify-email")
	page = browser.Press(page, "verify-submit", nil)
	wantAt(t, page, "/login")
	if !page.Has("login-notice") {
		t.Error("the sign-in page does not say that the address is confirmed")
	}
	tokens := rp.Exchange(browser.Through(page, "mary@example.com").Code(t)).WantOK(t)
	claims := s.UserInfo(t, tokens.Text("access_token")).WantOK(t)
	if claims.Text("sub") != id || claims.JSON["email_verified"] != true {
		t.Errorf("claims %v", claims.JSON)
	}

	again := s.NewBrowser(t).Get(mail.Link)
	again = s.NewBrowser(t).Press(again, "verify-submit", nil)
	again.WantPage(t, http.StatusGone, "link_used")
}

func TestJourneyOfRegistrationWithoutVerification(t *testing.T) {
	s := openHouse(t, false)
	rp, browser := s.Second(t), s.NewBrowser(t)
	page := browser.Get(rp.AuthorizationURL(nil))
	page = browser.Get(page.Link("login-register"))
	page = browser.Press(page, "register-submit", mary())
	wantAt(t, page, "/login")
	if !page.Has("login-notice") {
		t.Error("no notice")
	}
	browser.Through(page, "mary@example.com").Code(t)

	// Without an app: to the own account.
	other := s.NewBrowser(t)
	page = other.Press(other.Get(s.Issuer+"/register"), "register-submit", map[string]string{"username": "eve@example.com", "new-password": providertest.Password})
	wantAt(t, page, "/login")
	if !page.Has("login-notice") {
		t.Error("no notice without an app")
	}
	wantAt(t, other.Password(page, "eve@example.com"), "/account")
	// Whoever is signed in has no use for the page.
	wantAt(t, other.Get(s.Issuer+"/register"), "/account")
}

func TestJourneyToClosedRegistration(t *testing.T) {
	s := providertest.New(t, providertest.Options{})
	browser := s.NewBrowser(t)
	page := browser.Get(s.Web(t).AuthorizationURL(map[string]string{"prompt": "create"}))
	wantAt(t, page, "/login")
	if page.Has("login-register") || !page.Has("login-forgot") {
		t.Error("the wrong links")
	}
	browser.Get(s.Issuer+"/register").WantPage(t, http.StatusNotFound, "registration_closed")
}

// forgot asks for a mail from the sign-in of an app.
func forgot(t *testing.T, s *providertest.Server, browser *providertest.Browser, rp *providertest.RelyingParty, email string) string {
	t.Helper()
	page := browser.Get(browser.Get(rp.AuthorizationURL(nil)).Link("login-forgot"))
	wantAt(t, page, "/reset-password")
	page = browser.Press(page, "reset-submit", map[string]string{"username": email})
	wantAt(t, page, "/reset-password/sent")
	return s.Mail(t, directustest.ResetMail, email).Link
}

func TestJourneyOfANewPassword(t *testing.T) {
	const newPassword = "a new one, quite long"
	s := providertest.New(t, providertest.Options{Staleness: -1})
	id := s.AddUser(email)
	rp, elsewhere, browser := s.Second(t), s.NewBrowser(t), s.NewBrowser(t)
	tokens := rp.Exchange(elsewhere.SignIn(rp, email, nil)).WantOK(t)

	link := forgot(t, s, browser, rp, email)
	page := browser.Get(link)
	wantAt(t, page, "/reset-password")
	if page.Field("username") != email {
		t.Errorf("password managers see the user name %q", page.Field("username"))
	}
	page = browser.Press(page, "password-submit", map[string]string{"new-password": newPassword})
	wantAt(t, page, "/login")

	// Everything that the old password began has ended.
	if user, _ := s.Directus.User(id); user.Password != newPassword {
		t.Fatal("the password is the old one")
	}
	rp.Refresh(tokens.Text("refresh_token")).WantError(t, http.StatusBadRequest, "invalid_grant")
	wantAt(t, elsewhere.Get(rp.AuthorizationURL(nil)), "/login")
	page = browser.Press(page, "login-submit", map[string]string{"username": email, "password": providertest.Password})
	wantAt(t, page, "/login")
	s.Clock.Advance(time.Millisecond)
	page = browser.Press(page, "login-submit", map[string]string{"username": email, "password": newPassword})
	answer := rp.Exchange(page.Code(t)).WantOK(t)
	if claims := s.UserInfo(t, answer.Text("access_token")).WantOK(t); claims.JSON["email_verified"] != true {
		t.Errorf("claims %v", claims.JSON)
	}

	stranger := s.NewBrowser(t)
	page = stranger.Press(stranger.Get(link), "password-submit", map[string]string{"new-password": "another one"})
	page.WantPage(t, http.StatusGone, "link_used")
	if user, _ := s.Directus.User(id); user.Password != newPassword {
		t.Error("a used link changed the password")
	}
}

func TestJourneyOfANewPasswordElsewhere(t *testing.T) {
	s := providertest.New(t, providertest.Options{})
	s.AddUser(email)
	link := forgot(t, s, s.NewBrowser(t), s.Second(t), email)
	phone := s.NewBrowser(t)
	page := phone.Press(phone.Get(link), "password-submit", map[string]string{"new-password": "a new one"})
	wantAt(t, page, "/reset-password/done")
	if got := page.Link("password-continue"); got != "https://second.example/" {
		t.Errorf("the way on is %q", got)
	}
}

func TestJourneyOfALinkThatIsNoGood(t *testing.T) {
	s := providertest.New(t, providertest.Options{})
	id := s.AddUser(email)
	rp, browser := s.Second(t), s.NewBrowser(t)
	link := forgot(t, s, browser, rp, email)
	set := func(link string) *providertest.Page {
		t.Helper()
		return browser.Press(browser.Get(link), "password-submit", map[string]string{"new-password": "a new one"})
	}
	set(link+"x").WantPage(t, http.StatusBadRequest, "link_invalid")

	verification := strings.Replace(link, "/reset-password", "/verify-email", 1)
	browser.Press(browser.Get(verification), "verify-submit", nil).WantPage(t, http.StatusBadRequest, "link_invalid")

	s.Directus.SetStatus(id, "suspended")
	set(link).WantPage(t, http.StatusGone, "link_used")
	s.Directus.SetStatus(id, "active")

	s.Clock.Advance(25 * time.Hour)
	page := set(link)
	page.WantPage(t, http.StatusGone, "link_expired")
	// The way on asks for another mail, and the app is not forgotten.
	page = browser.Press(browser.Get(page.Link("link-again")), "reset-submit", map[string]string{"username": email})
	wantAt(t, page, "/reset-password/sent")
	page = set(s.Mail(t, directustest.ResetMail, email).Link)
	if got := page.Link("password-continue"); got != "https://second.example/" {
		t.Errorf("the way on is %q", got)
	}
}

func TestJourneyWithAPolicy(t *testing.T) {
	s := openHouse(t, true)
	s.AddUser(email)
	s.Directus.SetPasswordPolicy(func(password string) bool { return len(password) >= 12 })
	rp, browser := s.Second(t), s.NewBrowser(t)
	page := browser.Get(forgot(t, s, browser, rp, email))
	page = browser.Press(page, "password-submit", map[string]string{"new-password": "short one"})
	if !page.Has("new-password-problem") || strings.Contains(page.Body, "short one") {
		t.Fatalf("no problem beside the field, or the password in the page:\n%s", page.Body)
	}
	// The token is still good.
	wantAt(t, browser.Press(page, "password-submit", map[string]string{"new-password": "a long enough one"}), "/login")

	typed := mary()
	typed["new-password"] = "short one"
	page = browser.Press(browser.Get(s.Issuer+"/register"), "register-submit", typed)
	wantAt(t, page, "/register")
	if !page.Has("new-password-problem") || page.Field("username") != typed["username"] || page.Field("new-password") != "" {
		t.Errorf("the page is not as it should be:\n%s", page.Body)
	}
}

func TestJourneyOfAnInvitation(t *testing.T) {
	s := providertest.New(t, providertest.Options{})
	id := s.Directus.Invite("grace@example.com", s.Issuer+"/accept-invite")
	link, browser := s.Mail(t, directustest.InvitationMail, "grace@example.com").Link, s.NewBrowser(t)
	page := browser.Get(link)
	wantAt(t, page, "/accept-invite")
	if user, _ := s.Directus.User(id); user.Status != "invited" {
		t.Error("opening the link accepted the invitation")
	}
	page = browser.Press(page, "invitation-submit", map[string]string{"new-password": providertest.Password})
	wantAt(t, page, "/accept-invite/done")
	page = browser.Get(page.Link("invitation-continue"))
	wantAt(t, page, "/login")
	s.Clock.Advance(time.Millisecond)
	wantAt(t, browser.Password(page, "grace@example.com"), "/account")
	used := browser.Press(browser.Get(link), "invitation-submit", map[string]string{"new-password": "another one"})
	used.WantPage(t, http.StatusGone, "link_used")
}

// unlike is what differs in every answer, though it tells nothing.
var unlike = regexp.MustCompile(`(receipt|request)=[A-Za-z0-9_%-]+`)

// asked is what Directus was asked, and what the browser saw.
type asked struct {
	Calls  []string
	Status int
	Header http.Header
	Body   string
	Next   string
	Took   time.Duration
}

// The same for everybody, at Directus too: an address nobody has, and accounts in
// every state.
func TestJourneyTellsNobodyWhoHasAnAccount(t *testing.T) {
	people := map[string]directustest.User{
		"active": {Password: "x"}, "suspended": {Password: "x", Status: "suspended"}, "unverified": {Password: "x", Status: "unverified"},
		"external": {Provider: "google"}, "invited": {Status: "invited"},
	}
	for name, test := range map[string]struct {
		path     string
		verifies bool
	}{
		"register":                      {"/register", true},
		"register without verification": {"/register", false},
		"resend":                        {"/verify-email/resend", true},
		"reset":                         {"/reset-password", true},
	} {
		t.Run(name, func(t *testing.T) {
			s := openHouse(t, test.verifies)
			browser := s.NewBrowser(t)
			browser.Get(s.Issuer + test.path) // the look of the project is known from here on
			observe := func(address string) asked {
				before, began := len(s.Directus.AllRequests()), s.Clock.Now()
				form := url.Values{"username": {address}, "new-password": {providertest.Password}}
				page := browser.Step(http.MethodPost, s.Issuer+test.path, form)
				a := asked{Status: page.Status, Header: page.Header.Clone(), Took: s.Clock.Now().Sub(began)}
				for _, request := range s.Directus.AllRequests()[before:] {
					a.Calls = append(a.Calls, request.Method+" "+request.Path)
				}
				same := func(text string) string {
					return strings.ReplaceAll(unlike.ReplaceAllString(text, "$1=SEALED"), address, "ADDRESS")
				}
				location := page.Header.Get("Location")
				a.Header.Set("Location", same(location))
				for _, changing := range []string{"Date", "Content-Length", "Set-Cookie"} {
					a.Header.Del(changing)
				}
				if next, err := page.URL.Parse(location); err == nil {
					shown := browser.Step(http.MethodGet, next.String(), nil)
					a.Next, a.Body = same(next.Path), same(shown.Body)
				}
				return a
			}
			unknown := observe("unknown@example.com")
			if unknown.Status != http.StatusSeeOther || len(unknown.Calls) != 1 || unknown.Took < 1200*time.Millisecond {
				t.Fatalf("status %d, calls %v, took %s", unknown.Status, unknown.Calls, unknown.Took)
			}
			for who, user := range people {
				user.Email = who + "@example.com"
				s.Directus.AddUser(user)
				if diff := cmp.Diff(unknown, observe(user.Email)); diff != "" {
					t.Errorf("%s differs from an address that nobody has:\n%s", who, diff)
				}
			}
		})
	}
}
