package account_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"gatehouse/provider/account"
	"gatehouse/provider/event"
	"gatehouse/provider/oauth"
	"gatehouse/provider/providertest"
	"gatehouse/storage"
	"gatehouse/storage/directus/directustest"
)

const (
	ada       = "ada@example.com"
	otherRole = "0b9b5f2e-6a53-4c8e-9b5e-1d2f3a4b5c6d"
	stale     = providertest.Staleness + time.Second
)

var offline = map[string]string{"scope": "openid offline_access", "prompt": "consent"} //nolint:gochecknoglobals // a constant in all but syntax

func setRole(role string) func(*directustest.User) {
	return func(user *directustest.User) { user.Fields = map[string]any{"role": role} }
}

func setEmail(email string) func(*directustest.User) {
	return func(user *directustest.User) { user.Email = email }
}

func setStatus(status string) func(*directustest.User) {
	return func(user *directustest.User) { user.Status = status }
}

// causes are the user.ended events so far.
func causes(s *providertest.Server) []string {
	var kinds []string
	for _, e := range s.Events.Named(event.UserEnded) {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

func TestChangesEndWhatIsOlder(t *testing.T) {
	for _, test := range []struct {
		name   string
		endOn  []account.Cause
		change func(*directustest.User)
		// cause is empty where nothing ends.
		cause account.Cause
	}{
		{"suspended", nil, setStatus("suspended"), account.Suspended},
		{"archived", nil, setStatus("archived"), account.Archived},
		{"another status", nil, setStatus("draft"), account.Inactive},
		{"suspended, whatever is chosen", []account.Cause{}, setStatus("suspended"), account.Suspended},
		{"email", nil, setEmail("countess@example.com"), account.Email},
		{"email in other letters", nil, setEmail("ADA@example.com"), ""},
		{"email, not chosen", []account.Cause{account.Role}, setEmail("countess@example.com"), ""},
		{"role", nil, setRole(otherRole), account.Role},
		{"role, not chosen", []account.Cause{account.Email}, setRole(otherRole), ""},
		{"name", nil, func(user *directustest.User) { user.FirstName = "Augusta" }, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := providertest.New(t, providertest.Options{EndOn: test.endOn})
			user := s.AddUser(ada)
			rp, second, browser := s.Web(t), s.Second(t), s.NewBrowser(t)
			tokens := rp.Exchange(browser.SignIn(rp, ada, nil)).WantOK(t)
			lasting := second.Exchange(browser.SignIn(second, ada, offline)).WantOK(t)
			s.Directus.Update(user, test.change)
			s.Clock.Advance(stale)

			answer := rp.Refresh(tokens.Text("refresh_token"))
			if test.cause == "" {
				answer.WantOK(t)
				second.Refresh(lasting.Text("refresh_token")).WantOK(t)
				if kinds := causes(s); len(kinds) > 0 {
					t.Errorf("ended by %q", kinds)
				}
				// The change is remembered: it is no change any more.
				s.Clock.Advance(stale)
				browser.Get(rp.AuthorizationURL(map[string]string{"prompt": "none"})).Code(t)
				return
			}
			answer.WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
			second.Refresh(lasting.Text("refresh_token")).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
			browser.Get(rp.AuthorizationURL(map[string]string{"prompt": "none"})).WantError(t, oauth.LoginRequired)
			if kinds := causes(s); len(kinds) != 1 || kinds[0] != string(test.cause) {
				t.Errorf("events say %q, want %q once", kinds, test.cause)
			}
			for _, e := range s.Events.Named(event.SessionEnded) {
				if e.Reason != string(test.cause) {
					t.Errorf("session ended: %q", e.Reason)
				}
			}
		})
	}
}

// Whoever signed in after a change stays, whatever an older look that is
// remembered here or an older session of his says.
func TestSignInAfterAChangeStays(t *testing.T) {
	s := providertest.New(t, providertest.Options{})
	user := s.AddUser(ada)
	rp, before, after := s.Web(t), s.NewBrowser(t), s.NewBrowser(t)
	old := rp.Exchange(before.SignIn(rp, ada, offline)).WantOK(t)
	s.Directus.Update(user, setRole(otherRole))
	s.Clock.Advance(time.Second)
	tokens := rp.Exchange(after.SignIn(rp, ada, nil)).WantOK(t)

	rp.Refresh(old.Text("refresh_token")).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
	before.Get(rp.AuthorizationURL(map[string]string{"prompt": "none"})).WantError(t, oauth.LoginRequired)
	rp.Refresh(tokens.Text("refresh_token")).WantOK(t)
	after.Get(rp.AuthorizationURL(map[string]string{"prompt": "none"})).Code(t)
}

// nodes is a directory whose remembered look is older than what it sees.
type nodes struct{ remembered, fresh storage.Account }

func (n nodes) Find(_ context.Context, _ string, maxAge time.Duration) (storage.Account, error) {
	if maxAge > 0 {
		return n.remembered, nil
	}
	return n.fresh, nil
}

func (n nodes) Remembered(string) (storage.Account, bool) { return n.remembered, true }

// The look that this node remembers may be older than a session that another node
// started after the change: it is no reason to end it.
func TestOlderLookEndsNothing(t *testing.T) {
	now := storage.Account{ID: "ada", Email: "countess@example.com", Active: true, Status: "active", Role: otherRole}
	session := storage.Session{ID: "session", Subject: "ada", Seen: storage.Sight(now)}
	for name, older := range map[string]storage.Account{
		"suspended then":    {ID: "ada", Email: now.Email, Status: "suspended", Role: otherRole},
		"another role then": {ID: "ada", Email: now.Email, Active: true, Status: "active"},
		"another e-mail":    {ID: "ada", Email: ada, Active: true, Status: "active", Role: otherRole},
	} {
		gate := &account.Gate{Directory: nodes{older, now}, Staleness: time.Minute, EndOn: account.Choices()}
		found, err := gate.Session(t.Context(), session)
		if err != nil || found.Email != now.Email || !found.Active {
			t.Errorf("%s: found %+v, error %v", name, found, err)
		}
	}
}

// Records of an earlier version remember nothing: they take what is seen first,
// and hold on to it.
func TestRecordsWithoutSightingAdoptOne(t *testing.T) {
	s := providertest.New(t, providertest.Options{})
	user := s.AddUser(ada)
	rp, browser := s.Web(t), s.NewBrowser(t)
	tokens := rp.Exchange(browser.SignIn(rp, ada, nil)).WantOK(t)
	for record, err := range s.Store.Grants.All(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		grant := record.Value
		grant.Seen = storage.Sighting{}
		if err := s.Store.Grants.Swap(t.Context(), record, grant); err != nil {
			t.Fatal(err)
		}
	}
	for record, err := range s.Store.Sessions.All(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		session := record.Value
		session.Seen = storage.Sighting{}
		if err := s.Store.Sessions.Swap(t.Context(), record, session); err != nil {
			t.Fatal(err)
		}
	}
	s.Directus.Update(user, setRole(otherRole))
	s.Clock.Advance(stale)
	tokens = rp.Refresh(tokens.Text("refresh_token")).WantOK(t)
	browser.Get(rp.AuthorizationURL(map[string]string{"prompt": "none"})).Code(t)
	s.Directus.Update(user, setRole(""))
	s.Clock.Advance(stale)
	rp.Refresh(tokens.Text("refresh_token")).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
	browser.Get(rp.AuthorizationURL(map[string]string{"prompt": "none"})).WantError(t, oauth.LoginRequired)
}

func TestDeletedUserIsEndedAtUserInfo(t *testing.T) {
	s := providertest.New(t, providertest.Options{})
	user := s.AddUser(ada)
	rp, browser := s.Web(t), s.NewBrowser(t)
	tokens := rp.Exchange(browser.SignIn(rp, ada, nil)).WantOK(t)
	s.Directus.Delete(user)
	s.Clock.Advance(stale)
	if answer := s.UserInfo(t, tokens.Text("access_token")); answer.Status != http.StatusUnauthorized {
		t.Errorf("answer %d", answer.Status)
	}
	if kinds := causes(s); len(kinds) != 1 || kinds[0] != string(account.Deleted) {
		t.Errorf("events say %q", kinds)
	}
}
