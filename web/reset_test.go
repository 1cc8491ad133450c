package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/provider/authorize"
	"gatehouse/provider/event"
	"gatehouse/provider/oauth"
	"gatehouse/storage"
	"gatehouse/web"
)

func TestResetPage(t *testing.T) {
	h, p := newPostHouse(t)
	h.wantPage(h.get("/login?request=r1"), http.StatusOK, `id="login-forgot" href="/reset-password?request=r1"`)
	page := h.get("/reset-password?request=r1")
	h.wantPage(page, http.StatusOK, "Forgot your password?", `name="username" type="text" value="" autocomplete="username"`,
		`id="reset-submit"`, `id="reset-sign-in" href="/login?request=r1"`)
	h.golden("reset_password", page)
	h.wait("r2", authorize.PromptLogin).Request.LoginHint = "bob@example.com"
	h.wantPage(h.get("/reset-password?request=r2"), http.StatusOK, `value="bob@example.com"`)
	h.wantPage(h.get("/reset-password"), http.StatusOK, `id="reset-sign-in" href="/account"`)
	if len(p.forget()) != 0 {
		t.Error("a page that was only looked at asked for a mail")
	}
}

func TestResetMail(t *testing.T) {
	h, p := newPostHouse(t)
	answer := h.post("/reset-password?request=r1", url.Values{"username": {" Ada@example.com "}})
	location := answer.Header.Get("Location")
	if answer.StatusCode != http.StatusSeeOther || !strings.HasPrefix(location, "/reset-password/sent?receipt=") || strings.Contains(location, "da@") {
		t.Fatalf("answer %d to %q", answer.StatusCode, location)
	}
	want := []storage.ResetRequest{{
		Email: "Ada@example.com", URL: h.server.URL + "/reset-password?request=r1",
		Caller: storage.Caller{ClientAddress: "192.0.2.7", UserAgent: "test"},
	}}
	if diff := cmp.Diff(want, p.resets); diff != "" {
		t.Errorf("mail (-want +got):\n%s", diff)
	}
	page := h.get(location)
	h.wantPage(page, http.StatusOK, "Ada@example.com", "If you sign in with another service", `id="reset-resend"`, `action="/reset-password?request=r1"`)
	page.body = sealed.ReplaceAllString(page.body, "receipt=SEALED")
	h.golden("reset_sent", page)
	if diff := cmp.Diff([]event.Name{event.PasswordResetRequested}, h.events.names()); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

func TestMailSentPageNeedsItsNote(t *testing.T) {
	h, _ := newPostHouse(t)
	sent := h.post("/reset-password", url.Values{"username": {email}}).Header.Get("Location")
	_, note, _ := strings.Cut(sent, "?")
	h.wantPage(h.get("/reset-password/sent?"+note), http.StatusOK, email)
	h.wantTo(h.get("/register/done?"+note), "/verify-email/resend")
	h.wantTo(h.get("/reset-password/sent?receipt=made-up"), "/reset-password")
	h.wantTo(h.get("/reset-password/done?"+note), "/account")
	h.clock.Advance(2 * time.Hour)
	h.wantTo(h.get("/reset-password/sent?"+note), "/reset-password")
}

func TestResetMailRefused(t *testing.T) {
	h, p := newPostHouse(t)
	h.wantPage(h.post("/reset-password", nil), http.StatusOK, "Enter your email address.", `id="username-problem"`)
	h.wantPage(h.post("/reset-password", url.Values{"username": {"ada"}}), http.StatusOK, "like name@example.com", `value="ada"`)
	if len(p.forget()) != 0 {
		t.Error("Directus was asked")
	}
	p.failure = storage.ErrMalformed
	h.wantPage(h.post("/reset-password", url.Values{"username": {email}}), http.StatusOK, "like name@example.com")
	p.failure = storage.ErrUnavailable
	h.wantPage(h.post("/reset-password", url.Values{"username": {email}}), http.StatusServiceUnavailable, "Nothing is lost", `value="ada@example.com"`)
	p.failure = storage.ErrURLRefused
	h.wantPage(h.post("/reset-password", url.Values{"username": {email}}), http.StatusInternalServerError, "server_error")
}

func TestNewPasswordPage(t *testing.T) {
	h, p := newPostHouse(t)
	page := h.get("/reset-password?request=r1&token=" + goodToken)
	h.wantPage(page, http.StatusOK, `<input type="hidden" name="token" value="`+goodToken+`">`, `action="/reset-password/new?request=r1"`,
		`type="text" name="username" value="ada@example.com" autocomplete="username" readonly`,
		`id="new-password" name="new-password" type="password" autocomplete="new-password"`, `id="password-submit"`)
	h.golden("new_password", page)
	h.golden("accept_invite", h.get("/accept-invite?token="+goodToken))
	if len(p.forget()) != 0 {
		t.Error("looking at the page spent the token")
	}
}

func TestPageWithoutTokenLeadsToSignIn(t *testing.T) {
	h, _ := newPostHouse(t)
	for _, path := range []string{"/reset-password?token=", "/reset-password/new?x=", "/accept-invite?x=", "/accept-invite?token="} {
		h.wantTo(h.get(path+"&request=r1"), "/login?request=r1")
		h.wantTo(h.get(path), "/login?request=own")
	}
}

func TestNewPassword(t *testing.T) {
	for name, test := range map[string]struct {
		page, form, call, notice, done, id string
		event                              event.Name
	}{
		"reset":      {"/reset-password", "/reset-password/new", "reset", "password", "/reset-password/done", "password-continue", event.PasswordReset},
		"invitation": {"/accept-invite", "/accept-invite", "accept", "invited", "/accept-invite/done", "invitation-continue", event.InvitationAccepted},
	} {
		t.Run(name, func(t *testing.T) {
			h, p := newPostHouse(t)
			form := url.Values{"token": {goodToken}, "new-password": {"  a new one  "}, "username": {"somebody@else.example"}}
			h.wantTo(h.post(test.form+"?request=r1", form), "/login?notice="+test.notice+"&request=r1")
			if diff := cmp.Diff([]string{"  a new one  "}, p.passwords); diff != "" {
				t.Errorf("password (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]string{"user ada"}, h.desk.ended); diff != "" {
				t.Errorf("ended (-want +got):\n%s", diff)
			}
			evidence, err := h.store.VerifiedEmails.Get(t.Context(), "ada")
			if err != nil || !oauth.DigestMatches(email, evidence.Value.AddressDigest) || !evidence.Value.At.Equal(h.clock.Now()) {
				t.Errorf("evidence %+v, %v", evidence, err)
			}
			if diff := cmp.Diff([]event.Name{test.event}, h.events.names()); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
			if len(h.interactions.signIns) != 0 {
				t.Error("a mail signed somebody in")
			}
			h.wantPage(h.get("/login?request=r1&notice="+test.notice), http.StatusOK, `id="login-notice" role="status"`)

			again := h.post(test.form, form)
			h.wantPage(again, http.StatusGone, "link_used", `class="primary" id="link-sign-in"`)
			h.golden("link_used_"+name, again)

			p.links[goodToken] = storage.Account{ID: "ada", Email: email, Active: true}
			answer := h.post(test.form, form)
			if got := answer.Header.Get("Location"); !strings.HasPrefix(got, test.done+"?receipt=") {
				t.Fatalf("without a request it leads to %q", got)
			}
			done := h.get(answer.Header.Get("Location"))
			h.wantPage(done, http.StatusOK, `id="`+test.id+`" href="/account"`)
			done.body = sealed.ReplaceAllString(done.body, "receipt=SEALED")
			h.golden("done_"+name, done)
		})
	}
}

func TestNewPasswordInAnotherBrowserLeadsToTheApp(t *testing.T) {
	h, _ := newPostHouse(t)
	h.interactions.failure = authorize.ErrOtherBrowser
	answer := h.post("/reset-password/new?request=r1", url.Values{"token": {goodToken}, "new-password": {"a new one"}})
	location := answer.Header.Get("Location")
	if !strings.HasPrefix(location, "/reset-password/done?receipt=") || !strings.HasSuffix(location, "&request=r1") {
		t.Fatalf("answer %d to %q", answer.StatusCode, location)
	}
	h.wantPage(h.get(location), http.StatusOK, `id="password-continue" href="https://shop.example/"`, "Go on to Shop")
}

func TestNewPasswordRefused(t *testing.T) {
	for name, test := range map[string]struct {
		token, password string
		status          int
		words           []string
		calls           int
	}{
		"policy":       {goodToken, "refused by Directus", http.StatusOK, []string{"does not take this password", `value="` + goodToken + `"`, `id="new-password-problem"`}, 1},
		"no password":  {goodToken, "", http.StatusOK, []string{"Enter a password.", `value="` + goodToken + `"`}, 0},
		"expired":      {"expired", "a new one", http.StatusGone, []string{"link_expired", `class="primary" id="link-again" href="/reset-password?request=r1"`}, 1},
		"used":         {"used", "a new one", http.StatusGone, []string{"link_used", `id="link-again" href="/reset-password?request=r1"`}, 1},
		"unknown":      {"unknown", "a new one", http.StatusBadRequest, []string{"link_invalid", `id="link-again" href="/reset-password?request=r1"`}, 1},
		"no token":     {"", "a new one", http.StatusBadRequest, []string{"link_invalid"}, 0},
		"not a token":  {"a b", "a new one", http.StatusBadRequest, []string{"link_invalid"}, 0},
		"away":         {"away", "a new one", http.StatusServiceUnavailable, []string{"Nothing is lost", `value="away"`}, 1},
		"fault of us":  {"odd", "a new one", http.StatusInternalServerError, []string{"server_error"}, 1},
		"never ending": {strings.Repeat("a", 5000), "a new one", http.StatusBadRequest, []string{"link_invalid"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			h, p := newPostHouse(t)
			answer := h.post("/reset-password/new?request=r1", url.Values{"token": {test.token}, "new-password": {test.password}})
			h.wantPage(answer, test.status, test.words...)
			if calls := p.forget(); len(calls) != test.calls {
				t.Errorf("calls %v, want %d", calls, test.calls)
			}
			if len(h.desk.ended) != 0 {
				t.Errorf("ended %v", h.desk.ended)
			}
		})
	}
}

func TestNewPasswordWhoseSessionsCannotBeEnded(t *testing.T) {
	h, _ := newPostHouse(t)
	form := url.Values{"token": {goodToken}, "new-password": {"a new one"}}
	h.desk.failure = errStore
	h.wantPage(h.post("/reset-password/new?request=r1", form), http.StatusInternalServerError, "server_error")
	h.desk.failure = nil
	h.wantPage(h.post("/reset-password/new?request=r1", form), http.StatusGone, "link_used")
	h.wantPage(h.post("/reset-password/new?request=r1", form), http.StatusGone, "link_used")
	if diff := cmp.Diff([]string{"user ada"}, h.desk.ended); diff != "" {
		t.Errorf("ended (-want +got):\n%s", diff)
	}
}

// Strangers may have used up what there was; whoever reads the mail gets on.
func TestNewPasswordUnlocksTheAccount(t *testing.T) {
	h, _ := newPostHouse(t, func(c *web.Config) { c.Throttle.AttemptsLimit = directusLimit })
	for h.signIn(email, "wrong").StatusCode == http.StatusOK {
	}
	h.wantPage(h.signIn(email, password), http.StatusTooManyRequests, "too_many_attempts")
	strangers := h.browser

	h.browser = h.newBrowser()
	h.wantTo(h.post("/reset-password/new?request=r1", url.Values{"token": {goodToken}, "new-password": {password}}), "/login?notice=password&request=r1")
	owner := h.browser
	// They use what the reset gave everybody up at once.
	h.browser = strangers
	for h.signIn(email, "wrong").StatusCode == http.StatusOK {
	}
	h.browser = owner
	h.wantTo(h.signIn(email, password), h.server.URL+"/authorize/r1")
}
