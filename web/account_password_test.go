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
	"gatehouse/storage"
	"gatehouse/web"
)

const newPassword = "another battery, another staple"

func passwords(old, fresh string) url.Values {
	return url.Values{"current-password": {old}, "new-password": {fresh}, "username": {"grace@example.com"}}
}

func TestPasswordPage(t *testing.T) {
	h := self(t, newProfiles())
	page := h.get("/account/password")
	h.wantPage(page, http.StatusOK, `autocomplete="current-password"`, `autocomplete="new-password"`, `value="ada@example.com" autocomplete="username"`)
	want := []form{{tokens: []string{"username", "current-password", "new-password"}, submits: 1, passwords: 2, usernames: 1}}
	if diff := cmp.Diff(want, formsOf(t, page.body), cmp.AllowUnexported(form{})); diff != "" {
		t.Errorf("what password managers see (-want +got):\n%s", diff)
	}
	h.golden("account_password", page)
}

func TestPasswordIsChanged(t *testing.T) {
	for name, change := range map[string]func(*profiles){
		"by the person": func(*profiles) {},
		"by the write token": func(p *profiles) {
			p.rights, p.written = storage.OwnRights{}, &storage.OwnRights{Password: true}
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProfiles()
			change(p)
			h := self(t, p)
			h.wantTo(h.post("/account/password", passwords(password, newPassword)), "/account/password?notice=password")
			if diff := cmp.Diff(map[string]storage.Secret{"ada": newPassword}, p.passwords); diff != "" {
				t.Error("the password was not changed, or that of somebody else")
			}
			if diff := cmp.Diff([]string{"others than session-ada"}, h.desk.ended); diff != "" {
				t.Errorf("ended (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]event.Name{event.PasswordChanged}, h.events.names()); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
			h.wantPage(h.get("/account/password?notice=password"), http.StatusOK, "Your password was changed, and all other devices are signed out.")
		})
	}
}

// Directus asks for the one-time password only once the password was right.
func TestPasswordOfAPersonWithOTP(t *testing.T) {
	p := newProfiles()
	h := newHouse(t, withProfiles(p))
	h.enter("grace")
	h.keepAccess("grace")
	h.wantPage(h.post("/account/password", passwords("wrong", newPassword)), http.StatusOK, "This is not your current password.")
	h.wantTo(h.post("/account/password", passwords(password, newPassword)), "/account/password?notice=password")
	if p.passwords["grace"] != newPassword {
		t.Error("the password was not changed")
	}
}

func TestPasswordProblemsStandAtTheirFields(t *testing.T) {
	p := newProfiles()
	p.refused = "refused by Directus"
	h := self(t, p, func(config *web.Config) {
		config.PasswordRules = web.WeakPasswordRules
		config.PasswordPolicy = func(password string) bool { return len(password) >= 8 }
	})
	for name, test := range map[string]struct{ old, fresh, field, words string }{
		"old one missing":     {"", newPassword, "current-password", "Enter your current password."},
		"new one missing":     {password, "", "new-password", "Enter a password."},
		"old one wrong":       {"wrong", newPassword, "current-password", "This is not your current password."},
		"policy, known here":  {password, "short", "new-password", "at least 8 characters"},
		"policy, of Directus": {password, "refused by Directus", "new-password", "at least 8 characters"},
	} {
		t.Run(name, func(t *testing.T) {
			page := h.post("/account/password", passwords(test.old, test.fresh))
			h.wantPage(page, http.StatusOK, `<a href="#`+test.field+`">`, `id="`+test.field+`-problem"`, test.words)
			for _, typed := range []string{test.old, test.fresh} {
				if typed != "" && strings.Contains(page.body, typed) {
					t.Errorf("the page repeats %q", typed)
				}
			}
			if name == "old one wrong" {
				h.golden("account_password_refused", page)
			}
		})
	}
	if len(p.passwords) != 0 || len(h.desk.ended) != 0 {
		t.Error("something was changed or ended")
	}
}

// Whoever finds an unlocked device must not find the password by trying.
func TestOldPasswordIsThrottledLikeASignIn(t *testing.T) {
	p := newProfiles()
	h := self(t, p)
	var page answer
	for range directusLimit {
		if page = h.post("/account/password", passwords("wrong", newPassword)); page.StatusCode != http.StatusOK {
			break
		}
	}
	h.wantPage(page, http.StatusTooManyRequests, "too_many_attempts", `id="retry" href="/account/password"`)
	if h.accounts.users[email].suspended {
		t.Error("the account was suspended")
	}
	h.wantPage(h.post("/account/password", passwords(password, newPassword)), http.StatusTooManyRequests)
	if len(p.passwords) != 0 {
		t.Error("the password was changed")
	}
}

func TestPasswordNeedsAFreshSignIn(t *testing.T) {
	again := authorize.OwnRequest{Path: "/account/password", Subject: "ada", Fresh: true}
	for name, test := range map[string]struct {
		wait  time.Duration
		write bool
	}{
		"sign-in too old":                         {wait: 10*time.Minute + time.Second},
		"sign-in too old for the write token too": {wait: 10*time.Minute + time.Second, write: true},
		"access ended":                            {wait: 15 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProfiles()
			if test.write {
				p.written = &storage.OwnRights{Password: true}
			}
			h := self(t, p)
			h.clock.Advance(test.wait)
			h.wantTo(h.get("/account/password"), "/login?request=own")
			h.wantTo(h.post("/account/password", passwords(password, newPassword)), "/login?request=own")
			if diff := cmp.Diff([]authorize.OwnRequest{again, again}, h.desk.begun); diff != "" {
				t.Errorf("begun (-want +got):\n%s", diff)
			}
			if len(p.passwords) != 0 || h.accounts.asked() != 0 {
				t.Error("the password was changed or tried")
			}
		})
	}
}

func TestPasswordWithoutRightsGoesByMail(t *testing.T) {
	p := newProfiles()
	p.rights = storage.OwnRights{Profile: true}
	mails := &post{}
	h := self(t, p, func(config *web.Config) { config.Passwords = mails })
	mails.clock = h.clock
	h.clock.Advance(11 * time.Minute) // a mail asks for no fresh sign-in
	page := h.get("/account/password")
	h.wantPage(page, http.StatusOK, `id="password-mail"`, email)
	h.golden("account_password_mail", page)
	h.wantPage(h.post("/account/password", passwords(password, newPassword)), http.StatusOK, `id="password-mail"`)
	if len(p.passwords) != 0 || len(mails.resets) != 0 {
		t.Fatal("the password was changed or a mail sent")
	}
	h.wantTo(h.post("/account/password", url.Values{"action": {"mail"}}), "/account/password?notice=password-mail")
	want := []storage.ResetRequest{{Email: email, URL: h.server.URL + "/reset-password", Caller: storage.Caller{ClientAddress: "192.0.2.7", UserAgent: "test"}}}
	if diff := cmp.Diff(want, mails.resets); diff != "" {
		t.Errorf("mails (-want +got):\n%s", diff)
	}
	for range 5 {
		h.wantTo(h.post("/account/password", url.Values{"action": {"mail"}}), "/account/password?notice=password-mail")
	}
	if got := len(mails.resets); got != 3 {
		t.Errorf("%d mails in an hour", got)
	}
}

func TestPasswordThatCannotBeChanged(t *testing.T) {
	p := newProfiles()
	p.rights = storage.OwnRights{}
	h := self(t, p)
	page := h.get("/account/password")
	h.wantPage(page, http.StatusOK, "Your password cannot be changed here.")
	h.wantPage(h.post("/account/password", url.Values{"action": {"mail"}}), http.StatusOK, "Your password cannot be changed here.")
}

func TestPasswordOfAnotherProvider(t *testing.T) {
	p := newProfiles()
	mails := &post{}
	h := self(t, p, func(config *web.Config) { config.Passwords = mails })
	h.accounts.users[email].account.Provider = "google"
	page := h.get("/account/password")
	h.wantPage(page, http.StatusOK, `id="password-elsewhere"`, "google")
	h.golden("account_password_elsewhere", page)
	for _, form := range []url.Values{passwords(password, newPassword), {"action": {"mail"}}} {
		h.wantPage(h.post("/account/password", form), http.StatusOK, `id="password-elsewhere"`)
	}
	if len(p.passwords) != 0 || len(mails.resets) != 0 || h.accounts.asked() != 0 {
		t.Error("the password was changed, tried, or a mail sent")
	}
}

func TestPasswordThatIsNotTaken(t *testing.T) {
	for name, test := range map[string]struct {
		failure error
		status  int
		words   string
	}{
		"forbidden": {storage.ErrForbidden, http.StatusOK, "cannot be changed here"},
		"away":      {storage.ErrUnavailable, http.StatusServiceUnavailable, `id="password-submit"`},
		"broken":    {errStore, http.StatusInternalServerError, "server_error"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProfiles()
			p.failure = test.failure
			h := self(t, p)
			h.wantPage(h.post("/account/password", passwords(password, newPassword)), test.status, test.words)
			if len(h.desk.ended) != 0 {
				t.Errorf("ended %v", h.desk.ended)
			}
			if len(h.desk.stays) != 1 {
				t.Error("the change that was refused is still expected")
			}
		})
	}
}

func TestPasswordIsChangedThoughOtherSessionsStay(t *testing.T) {
	p := newProfiles()
	h := self(t, p)
	h.desk.others = errStore
	h.wantTo(h.post("/account/password", passwords(password, newPassword)), "/account/password?notice=password-only")
	h.wantPage(h.get("/account/password?notice=password-only"), http.StatusOK, "may still be signed in")
}

// The user store ends its sessions with the old password: that must not count
// against this one, which goes on without the pair if it gets no other.
func TestPasswordChangeReplacesThePairOfTheUserStore(t *testing.T) {
	h := self(t, newProfiles())
	current := h.desk.sessions["ada"]
	current.DirectusSession = "old"
	h.desk.sessions["ada"] = current
	h.wantTo(h.post("/account/password", passwords(password, newPassword)), "/account/password?notice=password")
	if diff := cmp.Diff([]string{"expect old", "pair ", "others than session-ada"}, h.desk.ended); diff != "" {
		t.Errorf("what was done, in order (-want +got):\n%s", diff)
	}
}
