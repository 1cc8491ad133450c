package provider_test

import (
	"net/http"
	"testing"
	"time"

	"gatehouse/provider/oauth"
	"gatehouse/provider/providertest"
	"gatehouse/storage/directus"
	"gatehouse/storage/directus/directustest"
)

// TestFormsWhileDirectusIsAway: whoever had a form open when Directus went away, or
// comes by a mail, is told to try again, and can.
func TestFormsWhileDirectusIsAway(t *testing.T) {
	t.Parallel()
	const invited = "invited@example.com"
	for _, row := range situations() {
		if row.name == "wrong token after rotation" { // these forms need no service token
			continue
		}
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			o := newOutage(t, providertest.Options{Staleness: 30 * time.Second})
			o.Directus.Invite(invited, o.Issuer+"/accept-invite")
			link := o.Mail(t, directustest.InvitationMail, invited).Link
			forms := []struct {
				open, submit string
				fill         map[string]string
			}{
				{o.Issuer + "/register", "register-submit", map[string]string{
					"given-name": "Mary", "family-name": "Shaw", "username": "mary@example.com", "new-password": providertest.Password,
				}},
				{o.Issuer + "/reset-password", "reset-submit", map[string]string{"username": grace}},
				{link, "invitation-submit", map[string]string{"new-password": providertest.Password}},
			}
			var pages []*providertest.Page
			for _, form := range forms {
				pages = append(pages, o.mails.Get(form.open))
			}
			row.begin(t, o.Server, o.way)
			for i, form := range forms {
				page := o.mails.Press(pages[i], form.submit, form.fill)
				if page.Status != http.StatusServiceUnavailable || page.Header.Get("Retry-After") == "" {
					t.Errorf("%s answered %d, Retry-After %q:\n%s", form.submit, page.Status, page.Header.Get("Retry-After"), page.Body)
				}
				if !page.Has(form.submit) && page.Text("error-code") != oauth.TemporarilyUnavailable {
					t.Errorf("%s: neither the form again nor the status page:\n%s", form.submit, page.Body)
				}
			}
			o.way.to.Store(nil)
			o.Directus.ClearFaults()
			o.Clock.Advance(directus.DefaultBreakerPause)
			for _, form := range forms[1:] {
				page := o.mails.Press(o.mails.Get(form.open), form.submit, form.fill)
				if page.Status != http.StatusOK || page.Has(form.submit) {
					t.Errorf("%s answered %d when Directus was back:\n%s", form.submit, page.Status, page.Body)
				}
			}
		})
	}
}
