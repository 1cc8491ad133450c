package web_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/provider/authorize"
	"gatehouse/provider/event"
	"gatehouse/provider/oauth"
	"gatehouse/storage"
	"gatehouse/web"
)

func TestVerifyPageSpendsNothing(t *testing.T) {
	h, p := newPostHouse(t)
	page := h.get("/verify-email?request=r1&token=" + goodToken)
	h.wantPage(page, http.StatusOK, `id="verify-submit"`, `<input type="hidden" name="token" value="`+goodToken+`">`, `action="/verify-email?request=r1"`)
	h.golden("verify_email", page)
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPut} {
		request, err := http.NewRequestWithContext(t.Context(), method, h.server.URL+"/verify-email?token="+goodToken, nil)
		if err != nil {
			t.Fatal(err)
		}
		h.do(request)
	}
	if calls := p.forget(); len(calls) != 0 {
		t.Errorf("looking at the page made the calls %v", calls)
	}
	h.wantTo(h.post("/verify-email?request=r1", url.Values{"token": {goodToken}}), "/login?notice=verified&request=r1")
}

func TestVerify(t *testing.T) {
	h, p := newPostHouse(t)
	h.wantTo(h.post("/verify-email?request=r1", url.Values{"token": {goodToken}}), "/login?notice=verified&request=r1")
	h.wantPage(h.get("/login?notice=verified&request=r1"), http.StatusOK, "Your email address is confirmed.")
	if _, err := h.store.VerifiedEmails.Get(t.Context(), "ada"); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("evidence before the password: %v", err)
	}
	if diff := cmp.Diff([]event.Name{event.EmailVerified}, h.events.names()); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if len(h.interactions.signIns) != 0 || len(h.desk.ended) != 0 {
		t.Error("a mail signed somebody in or out")
	}
	used := h.post("/verify-email", url.Values{"token": {goodToken}})
	h.wantPage(used, http.StatusGone, "link_used", `class="primary" id="link-sign-in" href="/account"`, `id="link-again" href="/verify-email/resend"`)
	h.golden("link_used_verify", used)
	p.links[goodToken] = storage.Account{ID: "ada", Email: email, Active: true}
	answer := h.post("/verify-email", url.Values{"token": {goodToken}})
	done := h.get(answer.Header.Get("Location"))
	h.wantPage(done, http.StatusOK, `id="verify-continue" href="/account"`)
	done.body = sealed.ReplaceAllString(done.body, "receipt=SEALED")
	h.golden("done_verify", done)

	h.signIn(email, password)
	evidence, err := h.store.VerifiedEmails.Get(t.Context(), "ada")
	if err != nil || !oauth.DigestMatches(email, evidence.Value.AddressDigest) {
		t.Errorf("evidence %+v, %v", evidence, err)
	}
}

func TestVerifyInAnotherBrowserLeadsToTheApp(t *testing.T) {
	h, _ := newPostHouse(t)
	h.interactions.failure = authorize.ErrExpired
	answer := h.post("/verify-email?request=r1", url.Values{"token": {goodToken}})
	h.wantPage(h.get(answer.Header.Get("Location")), http.StatusOK, `id="verify-continue" href="https://shop.example/"`)
	// A request that we did not make is not carried on.
	answer = h.post("/verify-email?request=", url.Values{"token": {"expired"}})
	h.wantPage(answer, http.StatusGone, `href="/verify-email/resend"`)
}

func TestVerifyRefused(t *testing.T) {
	for name, test := range map[string]struct {
		token  string
		status int
		words  []string
		calls  int
	}{
		"expired":     {"expired", http.StatusGone, []string{"link_expired", `class="primary" id="link-again" href="/verify-email/resend?request=r1"`}, 1},
		"unknown":     {"unknown", http.StatusBadRequest, []string{"link_invalid", `id="link-again" href="/verify-email/resend?request=r1"`}, 1},
		"no token":    {"", http.StatusBadRequest, []string{"link_invalid", "link-again"}, 0},
		"not a token": {"<script>", http.StatusBadRequest, []string{"link_invalid"}, 0},
		"away":        {"away", http.StatusServiceUnavailable, []string{"Nothing is lost", `value="away"`, `href="#verify-submit"`}, 1},
		"fault of us": {"odd", http.StatusInternalServerError, []string{"server_error"}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			h, p := newPostHouse(t)
			answer := h.post("/verify-email?request=r1", url.Values{"token": {test.token}})
			h.wantPage(answer, test.status, test.words...)
			if calls := p.forget(); len(calls) != test.calls {
				t.Errorf("calls %v, want %d", calls, test.calls)
			}
			if test.calls == 0 {
				h.wantPage(h.get("/verify-email?request=r1&token="+url.QueryEscape(test.token)), test.status, test.words...)
			}
			if name == "expired" || name == "unknown" {
				h.golden("link_"+name, answer)
			}
			if _, err := h.store.VerifiedEmails.Get(t.Context(), "ada"); err == nil {
				t.Error("evidence without proof")
			}
		})
	}
}

func TestResend(t *testing.T) {
	h, p := newPostHouse(t)
	page := h.get("/verify-email/resend?request=r1")
	h.wantPage(page, http.StatusOK, `autocomplete="username"`, `id="resend-submit"`, `id="resend-sign-in" href="/login?request=r1"`)
	h.golden("resend", page)
	answer := h.post("/verify-email/resend?request=r1", url.Values{"username": {email}})
	if got := answer.Header.Get("Location"); answer.StatusCode != http.StatusSeeOther || !strings.HasPrefix(got, "/register/done?again=1&receipt=") {
		t.Fatalf("answer %d to %q", answer.StatusCode, got)
	}
	h.wantPage(h.get(answer.Header.Get("Location")), http.StatusOK, "We have asked for the mail once more.", email)
	if len(p.registrations) != 1 || p.registrations[0].Email != email || len(p.registrations[0].Password) < 20 || p.registrations[0].VerificationURL != h.server.URL+"/verify-email?request=r1" {
		t.Errorf("registrations %+v", p.registrations)
	}
	h.wantPage(h.post("/verify-email/resend", nil), http.StatusOK, "Enter your email address.")
	h.wantPage(h.post("/verify-email/resend", url.Values{"username": {"ada"}}), http.StatusOK, "like name@example.com")
}

// What Directus would say of the password of nobody is nothing to tell.
func TestResendSaysTheSame(t *testing.T) {
	for name, failure := range map[string]error{"policy": storage.ErrPasswordPolicy, "filtered": storage.ErrRegistrationClosed} {
		t.Run(name, func(t *testing.T) {
			h, p := newPostHouse(t)
			p.failure = failure
			if answer := h.post("/verify-email/resend", url.Values{"username": {email}}); answer.StatusCode != http.StatusSeeOther {
				t.Errorf("status %d", answer.StatusCode)
			}
		})
	}
	h, p := newPostHouse(t)
	p.failure = storage.ErrUnavailable
	h.wantPage(h.post("/verify-email/resend", url.Values{"username": {email}}), http.StatusServiceUnavailable, "Nothing is lost")
	p.failure = storage.ErrMalformed
	h.wantPage(h.post("/verify-email/resend", url.Values{"username": {email}}), http.StatusOK, "like name@example.com")
}

// Directus says the same of a wrong password and of an address that waits.
func TestRefusedSignInOffersTheMailAgain(t *testing.T) {
	h, p := newPostHouse(t)
	h.wantPage(h.signIn(email, "wrong"), http.StatusOK, `id="login-resend" href="/verify-email/resend?request=r1"`)
	p.project.VerifiesEmail = false
	if strings.Contains(h.signIn(email, "wrong").body, "login-resend") {
		t.Error("a mail is offered that Directus does not send")
	}
	h, _ = newPostHouse(t, func(c *web.Config) { c.Passwords = nil })
	if strings.Contains(h.get("/login?request=r1").body, "login-forgot") {
		t.Error("the sign-in page leads to a page that is not there")
	}
	h.wantPage(h.get("/reset-password"), http.StatusNotFound, "not_found")
}
