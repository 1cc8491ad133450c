package flows

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"gatehouse/e2e/mailbox"
	"gatehouse/e2e/stack"
	"gatehouse/provider/providertest"
)

// asked is how many answers of each kind are measured.
const asked = 8

// BenchmarkEnumeration reports how long the pages that strangers could ask about
// an address take, for one that has an account and one that has none, with
// Directus's own stalls and before Gatehouse rounds them up: its clock stands
// still here. It proves nothing, since machines are noisy: that
// the answers are the same, and no sooner than their minimum, is tested in web.
func BenchmarkEnumeration(b *testing.B) {
	box, err := mailbox.Start(b.Context(), mailbox.Config{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(box.Stop)
	directus := stack.DirectusForTest(b, stack.DirectusOptions{SMTP: box.SMTPAddr, Env: map[string]string{
		"LOGIN_STALL_TIME": "500", "REGISTER_STALL_TIME": "750",
	}})
	s := providertest.New(b, providertest.Options{Directus: providertest.RealDirectus{URL: directus.URL, Prepare: directus.Prepare}})
	err = directus.Restart(b.Context(), map[string]string{
		"PASSWORD_RESET_URL_ALLOW_LIST": s.Issuer + "/reset-password", "USER_REGISTER_URL_ALLOW_LIST": s.Issuer + "/verify-email",
	})
	if err != nil {
		b.Fatal(err)
	}
	open := map[string]any{"public_registration": true, "public_registration_verify_email": true}
	if err := directus.Call(b.Context(), http.MethodPatch, "/settings", open, nil); err != nil {
		b.Fatal(err)
	}
	if _, err := directus.CreateUser(b.Context(), stack.NewUser{Email: "ada@example.com", Password: providertest.Password}); err != nil {
		b.Fatal(err)
	}
	s.Clock.Advance(time.Hour) // what was known of the project is old by now
	unknown := 0
	for _, page := range []struct{ path, submit string }{{"/register", "register-submit"}, {"/reset-password", "reset-submit"}} {
		for _, known := range []bool{true, false} {
			b.Run(fmt.Sprintf("%s/known=%t", page.path[1:], known), func(b *testing.B) {
				var took []time.Duration
				for b.Loop() {
					for range asked {
						email := "ada@example.com"
						if !known {
							unknown++
							email = fmt.Sprintf("nobody%d@example.com", unknown)
						}
						s.Clock.Advance(2 * time.Hour) // no limit on mails
						browser := s.NewBrowser(b)
						form := browser.Get(s.Issuer + page.path)
						began := time.Now()
						answer := browser.Press(form, page.submit, map[string]string{"username": email, "new-password": providertest.Password})
						took = append(took, time.Since(began))
						if answer.Status != http.StatusOK || answer.Has(page.submit) {
							b.Fatalf("answered %d at %s", answer.Status, answer.URL)
						}
					}
				}
				slices.Sort(took)
				b.ReportMetric(float64(took[len(took)/2].Milliseconds()), "median-ms")
				b.ReportMetric(float64(took[0].Milliseconds()), "least-ms")
				b.ReportMetric(float64(took[len(took)-1].Milliseconds()), "most-ms")
			})
		}
	}
}
