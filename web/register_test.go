package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/provider/authorize"
	"gatehouse/provider/event"
	"gatehouse/storage"
	"gatehouse/web"
)

func registration(change ...string) url.Values {
	form := url.Values{
		"given-name": {" Mary "}, "family-name": {"Shelley"}, "username": {" mary@example.com "}, "new-password": {"the modern prometheus"},
	}
	for i := 0; i+1 < len(change); i += 2 {
		form.Set(change[i], change[i+1])
	}
	return form
}

// sealed is what is different in every address.
var sealed = regexp.MustCompile(`receipt=[A-Za-z0-9_-]+`)

func TestRegisterPage(t *testing.T) {
	h, p := newPostHouse(t)
	page := h.get("/register?request=r1")
	h.wantPage(page, http.StatusOK, "Create your Acme account", "Then you go on to Shop",
		`id="given-name" name="given-name" type="text" value="" autocomplete="given-name"`,
		`id="family-name" name="family-name" type="text" value="" autocomplete="family-name"`,
		`id="username" name="username" type="text" value="" autocomplete="username"`,
		`id="new-password" name="new-password" type="password" autocomplete="new-password"`,
		`id="register-sign-in" href="/login?request=r1"`)
	if strings.Count(page.body, `type="submit"`) != 1 || !strings.Contains(page.body, `id="register-submit"`) {
		t.Error("the form has not exactly one submit")
	}
	for _, blocks := range []string{"minlength", "maxlength", "onpaste", "pattern="} {
		if strings.Contains(page.body, blocks) {
			t.Errorf("the page has %q", blocks)
		}
	}
	h.golden("register", page)
	h.golden("register_de", h.get("/register?ui_locales=de"))
	if len(p.forget()) != 0 {
		t.Error("a page that was only looked at made a call")
	}
}

func TestRegister(t *testing.T) {
	h, p := newPostHouse(t)
	answer := h.post("/register?request=r1", registration())
	location := answer.Header.Get("Location")
	if answer.StatusCode != http.StatusSeeOther || !strings.HasPrefix(location, "/register/done?receipt=") || !strings.HasSuffix(location, "&request=r1") {
		t.Fatalf("answer %d to %q", answer.StatusCode, location)
	}
	if strings.Contains(location, "mary") {
		t.Error("the address names the person")
	}
	want := []storage.Registration{{
		Email: "mary@example.com", Password: "the modern prometheus", FirstName: "Mary", LastName: "Shelley",
		VerificationURL: h.server.URL + "/verify-email?request=r1", Caller: storage.Caller{ClientAddress: "192.0.2.7", UserAgent: "test"},
	}}
	if diff := cmp.Diff(want, p.registrations); diff != "" {
		t.Errorf("registration (-want +got):\n%s", diff)
	}
	page := h.get(location)
	h.wantPage(page, http.StatusOK, "Check your mail", "mary@example.com", `id="register-resend"`, `id="mail-sign-in" href="/login?request=r1"`)
	page.body = sealed.ReplaceAllString(page.body, "receipt=SEALED")
	h.golden("register_done", page)
	if diff := cmp.Diff([]event.Name{event.RegistrationRequested}, h.events.names()); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if len(h.interactions.signIns) != 0 {
		t.Error("registering signed somebody in")
	}
}

func TestRegisterWithoutNamesLeavesThemOut(t *testing.T) {
	h, p := newPostHouse(t)
	h.post("/register", registration("given-name", " ", "family-name", ""))
	if len(p.registrations) != 1 || p.registrations[0].FirstName != "" || p.registrations[0].LastName != "" {
		t.Errorf("registrations %+v", p.registrations)
	}
	if got := p.registrations[0].VerificationURL; got != h.server.URL+"/verify-email" {
		t.Errorf("the mail leads to %q", got)
	}
}

func TestRegisterWithoutVerificationLeadsToSignIn(t *testing.T) {
	h, p := newPostHouse(t)
	p.project.VerifiesEmail = false
	h.wantTo(h.post("/register?request=r1", registration()), "/login?notice=registered&request=r1")
	h.wantTo(h.post("/register", registration()), "/login?request=own&notice=registered")
	h.wantPage(h.get("/login?notice=registered&request=r1"), http.StatusOK, `id="login-notice"`, "its password is still the old one")
	h.wantPage(h.get("/verify-email/resend"), http.StatusNotFound, "registration_closed")
}

func TestRegisterIsClosed(t *testing.T) {
	for name, option := range map[string]func(*web.Config){
		"by the project": func(c *web.Config) { c.Brand.(*post).project.Registration = false },
		"nobody to ask":  func(c *web.Config) { c.Brand = nil },
	} {
		t.Run(name, func(t *testing.T) {
			h, p := newPostHouse(t, option)
			h.wantTo(h.get("/register?request=r1"), "/login?request=r1")
			h.wantTo(h.post("/register?request=r1", registration()), "/login?request=r1")
			page := h.get("/register")
			h.wantPage(page, http.StatusNotFound, "registration_closed", "takes no new accounts", `href="/account"`)
			h.golden("error_registration_closed", page)
			h.wantPage(h.post("/register", registration()), http.StatusNotFound, "registration_closed")
			h.wantPage(h.post("/verify-email/resend", registration()), http.StatusNotFound, "registration_closed")
			if len(p.forget()) != 0 {
				t.Error("somebody was registered")
			}
			if strings.Contains(h.get("/login?request=r1").body, "login-register") {
				t.Error("the sign-in page leads to registration")
			}
		})
	}
	h, _ := newPostHouse(t, func(c *web.Config) { c.Registrar = nil })
	h.wantPage(h.get("/register"), http.StatusNotFound, "not_found")
}

func TestRegisterSendsSignedInPeopleOn(t *testing.T) {
	h, p := newPostHouse(t)
	h.wait("r1", authorize.PromptConsent)
	h.wantTo(h.get("/register?request=r1"), h.server.URL+"/authorize/r1")
	h.wait("r2", authorize.PromptLogin).Browser.Sessions = []storage.Session{{ID: "session-ada", Subject: "ada"}}
	h.wantTo(h.get("/register?request=r2"), h.server.URL+"/authorize/r2")
	h.wantTo(h.post("/register?request=r2", registration()), h.server.URL+"/authorize/r2")
	if strings.Contains(h.get("/login?request=r2").body, "login-register") {
		t.Error("the sign-in page leads where signed-in people are sent away")
	}
	h.desk.put(storage.Session{ID: "session-ada", Subject: "ada"})
	h.signIn(email, password)
	h.wantTo(h.get("/register"), "/account")
	if len(p.forget()) != 0 {
		t.Error("somebody was registered")
	}
}

func TestRegisterForARequestThatIsGone(t *testing.T) {
	h, _ := newPostHouse(t)
	h.wantPage(h.get("/register?request=gone"), http.StatusGone, "request_expired", "Start again at Shop")
	h.interactions.failure = authorize.ErrOtherBrowser
	h.wantPage(h.post("/register?request=r1", registration()), http.StatusForbidden, "other_browser")
}

func TestRegisterFields(t *testing.T) {
	long := strings.Repeat("é", storage.MaxNameLength)
	for name, test := range map[string]struct {
		change []string
		words  string
		calls  int
	}{
		"first name just fits":   {[]string{"given-name", long}, "", 1},
		"first name too long":    {[]string{"given-name", long + "é"}, "Enter at most 50 characters", 0},
		"last name too long":     {[]string{"family-name", long + "é"}, "Enter at most 50 characters", 0},
		"name of two lines":      {[]string{"given-name", "a\nb"}, "Enter at most 50 characters", 0},
		"name that is no text":   {[]string{"family-name", "\xff"}, "Enter at most 50 characters", 0},
		"no e-mail":              {[]string{"username", " "}, "Enter your email address.", 0},
		"no address":             {[]string{"username", "mary"}, "like name@example.com", 0},
		"nothing before the at":  {[]string{"username", "@example.com"}, "like name@example.com", 0},
		"nothing after the at":   {[]string{"username", "mary@"}, "like name@example.com", 0},
		"a space in it":          {[]string{"username", "mary shelley@example.com"}, "like name@example.com", 0},
		"e-mail just fits":       {[]string{"username", strings.Repeat("ü", 116) + "@example.com"}, "", 1},
		"e-mail too long":        {[]string{"username", strings.Repeat("ü", 117) + "@example.com"}, "at most 128 characters", 0},
		"no password":            {[]string{"new-password", ""}, "Enter a password.", 0},
		"password without end":   {[]string{"new-password", strings.Repeat("x", storage.MaxPasswordSize+1)}, "Enter a shorter password.", 0},
		"password of our policy": {[]string{"new-password", "short"}, "at least 8 characters", 0},
		"password of Directus's": {[]string{"new-password", "refused by Directus"}, "at least 8 characters", 1},
	} {
		t.Run(name, func(t *testing.T) {
			h, p := newPostHouse(t, func(c *web.Config) {
				c.PasswordPolicy = func(password string) bool { return len(password) >= 8 }
				c.PasswordRules = web.WeakPasswordRules
			})
			answer := h.post("/register?request=r1", registration(test.change...))
			if test.words == "" {
				if answer.StatusCode != http.StatusSeeOther {
					t.Errorf("status %d", answer.StatusCode)
				}
			} else {
				h.wantPage(answer, http.StatusOK, test.words, `role="alert"`, `aria-invalid="true"`, `href="#`+test.change[0]+`"`, `id="`+test.change[0]+`-problem"`)
				if test.change[0] != "username" && !strings.Contains(answer.body, `value="mary@example.com"`) {
					t.Error("the address has to be typed again")
				}
			}
			if calls := p.forget(); len(calls) != test.calls {
				t.Errorf("calls %v, want %d", calls, test.calls)
			}
		})
	}
	h, _ := newPostHouse(t)
	h.golden("register_empty", h.post("/register?request=r1", nil))
}

func TestPasswordHints(t *testing.T) {
	for rules, words := range map[web.PasswordRules]string{
		web.NoPasswordRules: "Use it nowhere else", web.WeakPasswordRules: "At least 8 characters.",
		web.StrongPasswordRules: "a digit, and a sign", web.OwnPasswordRules: "Mix capital and small letters",
	} {
		h, _ := newPostHouse(t, func(c *web.Config) { c.PasswordRules, c.PasswordPolicy = rules, func(string) bool { return false } })
		h.wantPage(h.get("/register"), http.StatusOK, words, `aria-describedby="new-password-hint"`)
		h.wantPage(h.post("/register", registration()), http.StatusOK, `aria-describedby="new-password-hint new-password-problem"`)
	}
}

func TestRegisterRefusedByDirectus(t *testing.T) {
	for name, test := range map[string]struct {
		failure error
		status  int
		words   []string
	}{
		"closed or filtered": {storage.ErrRegistrationClosed, http.StatusOK, []string{"no new accounts with this email address", `id="username-problem"`}},
		"address refused":    {storage.ErrMalformed, http.StatusOK, []string{"like name@example.com", `id="username-problem"`}},
		"allow-list":         {storage.ErrURLRefused, http.StatusInternalServerError, []string{"server_error"}},
	} {
		t.Run(name, func(t *testing.T) {
			h, p := newPostHouse(t)
			p.failure = test.failure
			h.wantPage(h.post("/register?request=r1", registration()), test.status, test.words...)
		})
	}
}

func TestRegisterWhileDirectusIsAway(t *testing.T) {
	h, p := newPostHouse(t)
	p.failure = storage.ErrUnavailable
	page := h.post("/register?request=r1", registration())
	h.wantPage(page, http.StatusServiceUnavailable, "Nothing is lost", `value="Mary"`, `value="mary@example.com"`)
	if page.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	// Nothing was sent, so nothing counts: a person may try until it works.
	for range 5 {
		h.post("/register?request=r1", registration())
	}
	p.failure = nil
	if got := h.post("/register?request=r1", registration()); got.StatusCode != http.StatusSeeOther {
		t.Errorf("status %d when Directus is back", got.StatusCode)
	}
	if len(p.registrations) != 1 {
		t.Errorf("%d registrations", len(p.registrations))
	}
}

func TestRegisterWhileTheProjectIsUnknown(t *testing.T) {
	h, p := newPostHouse(t)
	p.projectFailure = storage.ErrUnavailable
	h.wantPage(h.get("/register?request=r1"), http.StatusServiceUnavailable, "temporarily_unavailable")
	page := h.get("/login?request=r1")
	h.wantPage(page, http.StatusOK, "login-forgot")
	if strings.Contains(page.body, "login-register") {
		t.Error("the sign-in page leads to a page that may not be there")
	}
}

func TestNewPasswordsAreNeverShown(t *testing.T) {
	h, p := newPostHouse(t)
	const secret = "s3cret-value-of-somebody"
	p.refused = secret
	answers := []answer{
		h.post("/register?request=r1", registration("new-password", secret)),
		h.post("/register?request=r1", registration("new-password", secret, "username", "")),
		h.post("/reset-password/new", url.Values{"token": {goodToken}, "new-password": {secret}}),
		h.post("/reset-password/new", url.Values{"token": {"used"}, "new-password": {secret}}),
		h.post("/accept-invite", url.Values{"token": {goodToken}, "new-password": {secret}}),
	}
	p.failure = storage.ErrUnavailable
	answers = append(answers, h.post("/register?request=r1", registration("new-password", secret)))
	for _, answer := range answers {
		if strings.Contains(answer.body, secret) || strings.Contains(fmt.Sprint(answer.Header), secret) {
			t.Errorf("the answer repeats the password:\n%s", answer.body)
		}
	}
	if happened := fmt.Sprintf("%+v", h.events.all); strings.Contains(happened, secret) || strings.Contains(happened, goodToken) {
		t.Errorf("an event carries a secret: %s", happened)
	}
}
