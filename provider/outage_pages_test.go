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

// mailForm is a form that somebody has open.
type mailForm struct {
	// path is what it calls of Directus.
	path, submit string
	page         *providertest.Page
	fill         map[string]string
	// once says that it makes what there can be one of.
	once bool
	// link is that of the mail that leads to it, if any.
	link string
}

// mailForms opens the forms of registering and of mails: those that anybody may
// call, and those that mails lead to.
func (o *outage) mailForms(t *testing.T) []mailForm {
	t.Helper()
	const invited, waiting = "invited@example.com", "nina@example.com"
	registration := func(email string) map[string]string {
		return map[string]string{"given-name": "Mary", "family-name": "Shaw", "username": email, "new-password": providertest.Password}
	}
	o.Directus.Invite(invited, o.Issuer+"/accept-invite")
	o.mails.Press(o.mails.Get(o.Issuer+"/register"), "register-submit", registration(waiting))
	o.mails.Press(o.mails.Get(o.Issuer+"/reset-password"), "reset-submit", map[string]string{"username": ada})
	forms := []mailForm{
		{path: "/users/register", submit: "register-submit", page: o.mails.Get(o.Issuer + "/register"), fill: registration("mary@example.com"), once: true},
		{
			path: "/users/register", submit: "resend-submit", page: o.mails.Get(o.Issuer + "/verify-email/resend"),
			fill: map[string]string{"username": waiting},
		},
		{
			path: "/auth/password/request", submit: "reset-submit", page: o.mails.Get(o.Issuer + "/reset-password"),
			fill: map[string]string{"username": grace},
		},
		{
			path: "/users/invite/accept", submit: "invitation-submit", link: o.Mail(t, directustest.InvitationMail, invited).Link,
			fill: map[string]string{"new-password": providertest.Password},
		},
		{
			path: "/auth/password/reset", submit: "password-submit", link: o.Mail(t, directustest.ResetMail, ada).Link,
			fill: map[string]string{"new-password": "another " + providertest.Password},
		},
		{path: "/users/register/verify-email", submit: "verify-submit", link: o.Mail(t, directustest.VerificationMail, waiting).Link},
	}
	for i := range forms {
		if forms[i].link != "" {
			forms[i].page = o.mails.Get(forms[i].link)
		}
	}
	return forms
}

// again fails the test unless the page says to try again: the form once more, or
// the status page.
func (f mailForm) again(t *testing.T, page *providertest.Page) {
	t.Helper()
	if page.Status != http.StatusServiceUnavailable || page.Header.Get("Retry-After") == "" {
		t.Errorf("%s answered %d, Retry-After %q:\n%s", f.submit, page.Status, page.Header.Get("Retry-After"), page.Body)
	}
	if !page.Has(f.submit) && page.Text("error-code") != oauth.TemporarilyUnavailable {
		t.Errorf("%s: neither the form again nor the status page:\n%s", f.submit, page.Body)
	}
}

// sent fails the test unless the form did what it is for.
func (f mailForm) sent(t *testing.T, page *providertest.Page) {
	t.Helper()
	if page.Status != http.StatusOK || page.Has(f.submit) {
		t.Errorf("%s answered %d:\n%s", f.submit, page.Status, page.Body)
	}
}

// TestFormsWhileDirectusIsAway: whoever had a form open when Directus went away, or
// comes by a mail, is told to try again, and can.
func TestFormsWhileDirectusIsAway(t *testing.T) {
	t.Parallel()
	for _, row := range situations() {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			o := newOutage(t, providertest.Options{Staleness: 30 * time.Second})
			forms := o.mailForms(t)
			row.begin(t, o.Server, o.way)
			for _, form := range forms {
				page := o.mails.Press(form.page, form.submit, form.fill)
				if row.name == rotated && form.link == "" {
					form.sent(t, page) // only whose a link is takes the service token
					continue
				}
				form.again(t, page)
			}
			o.way.to.Store(nil)
			o.Directus.ClearFaults()
			o.Clock.Advance(directus.DefaultBreakerPause)
			for _, form := range forms {
				if !form.once {
					form.sent(t, o.mails.Press(o.mails.Get(form.page.URL.String()), form.submit, form.fill))
				}
			}
		})
	}
}

// TestFormsWhileDirectusIsSlow: they take as long, and do what they are for.
func TestFormsWhileDirectusIsSlow(t *testing.T) {
	t.Parallel()
	o := newOutage(t, providertest.Options{Staleness: 30 * time.Second, DirectusTimeout: time.Minute})
	for _, form := range o.mailForms(t) {
		hold, arrived := make(chan struct{}), make(chan struct{}, 1)
		o.Directus.Inject(directustest.Fault{Path: form.path, Hold: hold, Arrived: arrived, Times: 1})
		answer := make(chan *providertest.Page, 1)
		go func() { answer <- o.mails.Press(form.page, form.submit, form.fill) }()
		<-arrived
		select {
		case page := <-answer:
			t.Errorf("%s did not wait: %d\n%s", form.submit, page.Status, page.Body)
			close(hold)
			continue
		default:
		}
		close(hold)
		form.sent(t, <-answer)
	}
}

// TestFormsWithALockedLicence: what Directus refuses for want of a licence passes
// as well, in the end, and nobody is told why.
func TestFormsWithALockedLicence(t *testing.T) {
	t.Parallel()
	o := newOutage(t, providertest.Options{Staleness: 30 * time.Second})
	for _, form := range o.mailForms(t) {
		o.Directus.Inject(directustest.Fault{Path: form.path, Status: http.StatusForbidden, Code: "RESOURCE_RESTRICTED"})
		form.again(t, o.mails.Press(form.page, form.submit, form.fill))
		o.Directus.ClearFaults()
	}
}
