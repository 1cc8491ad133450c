package flows

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"gatehouse/e2e/mailbox"
	"gatehouse/provider/providertest"
)

// accounts is for versions without a registration of their own, too: users are
// made with a token then, active at once, and the reset is by mail.
func accounts(t *testing.T, w *world) {
	role := w.role(t, "Customer of the house")
	s := w.provider(t, func(o *providertest.Options) { o.WriteToken, o.Directus.RegistrationRole = true, role })
	err := w.directus.Restart(t.Context(), map[string]string{"PASSWORD_RESET_URL_ALLOW_LIST": s.Issuer + "/reset-password"})
	if err != nil {
		t.Fatal(err)
	}
	const email = "grace.hopper@example.com"
	rp, browser := s.Web(t), s.NewBrowser(t)

	page := browser.Get(rp.AuthorizationURL(map[string]string{"prompt": "create"}))
	page = browser.Press(page, "register-submit", map[string]string{
		"given-name": "Grace", "family-name": "Hopper", "username": email, "new-password": providertest.Password,
		// Nobody chooses his own role.
		"role": "", "status": "active",
	})
	if page.URL.Path != "/login" || !page.Has("login-notice") {
		t.Fatalf("after registration: %d at %s:\n%s", page.Status, page.URL, page.Body)
	}
	id := w.userNamed(t, email, role)
	answer := rp.Exchange(browser.Through(page, email).Code(t))
	if answer.Status != http.StatusOK || s.Verify(t, answer.Text("id_token")).Claims["sub"] != id {
		t.Fatalf("token endpoint: %d %s", answer.Status, answer.Raw)
	}

	// Once more, by a stranger: the same answer, and the first password stays.
	stranger := s.NewBrowser(t)
	page = stranger.Press(stranger.Get(rp.AuthorizationURL(map[string]string{"prompt": "create"})), "register-submit", map[string]string{
		"given-name": "Mallory", "username": email, "new-password": "another password of theirs",
	})
	if page.URL.Path != "/login" || !page.Has("login-notice") {
		t.Errorf("registration of a known address: %d at %s:\n%s", page.Status, page.URL, page.Body)
	}

	forgetful := s.NewBrowser(t)
	page = forgetful.Get(rp.AuthorizationURL(nil))
	page = forgetful.Get(absolute(page.URL, page.Link("login-forgot")))
	page = forgetful.Press(page, "reset-submit", map[string]string{"username": email})
	if page.Status != http.StatusOK {
		t.Fatalf("reset asked for: %d\n%s", page.Status, page.Body)
	}
	const chosen = "a password that is new"
	page = forgetful.Get(w.resetLink(t, s.Issuer, email))
	page = forgetful.Press(page, "password-submit", map[string]string{"new-password": chosen})
	if page.URL.Path != "/login" || !page.Has("login-notice") {
		t.Fatalf("after the reset: %d at %s:\n%s", page.Status, page.URL, page.Body)
	}
	s.Clock.Advance(time.Millisecond) // a sign-in begun at the time of the reset would be ended by it
	if refreshed := rp.Refresh(answer.Text("refresh_token")); refreshed.Text("error") != "invalid_grant" {
		t.Errorf("a grant outlives the reset: %d %s", refreshed.Status, refreshed.Raw)
	}
	old := forgetful.Press(page, "login-submit", map[string]string{"username": email, "password": providertest.Password})
	if !old.Has("login-submit") {
		t.Errorf("the old password still works:\n%s", old.Body)
	}
	page = forgetful.Press(old, "login-submit", map[string]string{"username": email, "password": chosen})
	if page.Has("consent-allow") {
		page = forgetful.Press(page, "consent-allow", nil)
	}
	answer = rp.Exchange(page.Code(t))
	if info := s.UserInfo(t, answer.Text("access_token")); info.Text("sub") != id || !strings.Contains(info.Raw, `"email_verified":true`) {
		t.Errorf("userinfo: %d %s", info.Status, info.Raw)
	}
}

// role makes a role without access to the Studio.
func (w *world) role(t *testing.T, name string) string {
	t.Helper()
	row := map[string]any{"name": name}
	if strings.HasPrefix(w.directus.Version, "10.") {
		row["app_access"], row["admin_access"] = false, false
	}
	var created struct{ ID string }
	if err := w.directus.Call(t.Context(), http.MethodPost, "/roles", row, &created); err != nil {
		t.Fatal(err)
	}
	return created.ID
}

// userNamed is the one user with the address, who must be active and have the role.
func (w *world) userNamed(t *testing.T, email, role string) string {
	t.Helper()
	var rows []struct{ ID, Status, Role string }
	err := w.directus.Call(t.Context(), http.MethodGet, "/users?fields=id,status,role&filter[email][_eq]="+url.QueryEscape(email), nil, &rows)
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 1 || rows[0].Status != "active" || rows[0].Role != role {
		t.Fatalf("users with the address: %+v", rows)
	}
	return rows[0].ID
}

func (w *world) resetLink(t *testing.T, issuer, email string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	mail, err := w.mailbox.Wait(ctx, func(m mailbox.Message) bool { return m.IsTo(email) })
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range mail.Links() {
		if strings.HasPrefix(link, issuer+"/reset-password?") {
			return link
		}
	}
	t.Fatalf("the mail leads to %v", mail.Links())
	return ""
}

func absolute(base *url.URL, reference string) string {
	u, err := base.Parse(reference)
	if err != nil {
		return ""
	}
	return u.String()
}
