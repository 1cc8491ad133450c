package introspection_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"gatehouse/provider/providertest"
	"gatehouse/storage/directus/directustest"
)

func TestTokensOfSuspendedUsersAreInactive(t *testing.T) {
	for name, change := range map[string]func(*directustest.User){
		"suspended": func(u *directustest.User) { u.Status = "suspended" },
		"another e-mail": func(u *directustest.User) {
			u.Email = "countess@example.com"
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := providertest.New(t, providertest.Options{})
			user := s.AddUser("ada@example.com")
			rp := s.Web(t)
			tokens := rp.Exchange(s.NewBrowser(t).SignIn(rp, "ada@example.com", nil)).WantOK(t)
			active := func(kind string) any {
				t.Helper()
				answer := rp.Post("/introspect", url.Values{"token": {tokens.Text(kind)}})
				if answer.Status != http.StatusOK {
					t.Fatalf("answer %d", answer.Status)
				}
				return answer.JSON["active"]
			}
			s.Directus.Update(user, change)
			// The last look is fresh.
			if active("access_token") != true || active("refresh_token") != true {
				t.Error("not active before the look is too old")
			}
			s.Clock.Advance(providertest.Staleness + time.Second)
			if active("access_token") != false || active("refresh_token") != false {
				t.Error("active")
			}
		})
	}
}

// A client's own tokens are about no user.
func TestOwnTokensNeedNoUser(t *testing.T) {
	s := providertest.New(t, providertest.Options{Staleness: -1})
	rp := s.Web(t)
	token := rp.Token(url.Values{"grant_type": {"client_credentials"}}).WantOK(t).Text("access_token")
	if answer := rp.Post("/introspect", url.Values{"token": {token}}).WantOK(t); answer.JSON["active"] != true {
		t.Errorf("answer %s", answer.Raw)
	}
	if calls := s.Directus.Calls("/users"); calls != 0 {
		t.Errorf("Directus was asked %d times", calls)
	}
}
