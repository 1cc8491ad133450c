package directus_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/storage"
	"gatehouse/storage/directus"
	"gatehouse/storage/directus/directustest"
)

func TestInspectFindsWhoCannotEnrol(t *testing.T) {
	t.Parallel()
	const ada = "00000000-0000-4000-8000-0000000000ad"
	enforcing := func(name string, change func(*directustest.Policy)) directustest.Policy {
		policy := directustest.Policy{Name: name, EnforceTFA: true}
		change(&policy)
		return policy
	}
	of := func(roles ...string) func(*directustest.Policy) {
		return func(p *directustest.Policy) { p.Roles = roles }
	}
	ownRow := directustest.Policy{Name: "own row", Updates: []string{"first_name", "tfa_secret"}, Roles: []string{"enrolling"}}
	for name, test := range map[string]struct {
		policies []directustest.Policy
		want     []string
	}{
		"nobody enforces":        {[]directustest.Policy{{Name: "plain", Roles: []string{"customer"}}}, nil},
		"nobody has it":          {[]directustest.Policy{enforcing("staff", of())}, nil},
		"cannot":                 {[]directustest.Policy{enforcing("staff", of("customer")), ownRow}, []string{"staff"}},
		"by another policy":      {[]directustest.Policy{enforcing("staff", of("enrolling")), ownRow}, nil},
		"by a role above":        {[]directustest.Policy{enforcing("staff", of("below")), ownRow}, nil},
		"one of its roles can":   {[]directustest.Policy{enforcing("staff", of("enrolling", "customer")), ownRow}, []string{"staff"}},
		"by itself":              {[]directustest.Policy{enforcing("staff", func(p *directustest.Policy) { p.Roles, p.Updates = []string{"customer"}, []string{"*"} })}, nil},
		"administrators":         {[]directustest.Policy{enforcing("staff", func(p *directustest.Policy) { p.Roles, p.Admin = []string{"customer"}, true })}, nil},
		"other columns":          {[]directustest.Policy{enforcing("staff", func(p *directustest.Policy) { p.Roles, p.Updates = []string{"customer"}, []string{"title"} })}, []string{"staff"}},
		"a user":                 {[]directustest.Policy{enforcing("staff", func(p *directustest.Policy) { p.Users = []string{ada} }), {Name: "o", Updates: []string{"*"}, Roles: []string{"customer"}}}, []string{"staff"}},
		"a user by his own":      {[]directustest.Policy{enforcing("staff", func(p *directustest.Policy) { p.Users = []string{ada} }), {Name: "o", Updates: []string{"*"}, Users: []string{ada}}}, nil},
		"a user by his role":     {[]directustest.Policy{enforcing("staff", func(p *directustest.Policy) { p.Users = []string{ada} }), {Name: "o", Updates: []string{"*"}, Roles: []string{"enrolling"}}}, nil},
		"several, in good order": {[]directustest.Policy{enforcing("z", of("customer")), enforcing("a", of("customer"))}, []string{"a", "z"}},
	} {
		b := newBench(t)
		b.client = newClient(t, directus.Config{BaseURL: b.fake.URL, ServiceToken: b.fake.AdminToken, Now: b.clock.Now, Random: unread{}})
		b.addAda(func(u *directustest.User) {
			u.ID = ada
			if name == "a user by his role" {
				u.Fields = map[string]any{"role": "enrolling"}
			}
		})
		b.fake.Policies(test.policies, map[string]string{"below": "middle", "middle": "enrolling", "enrolling": "", "circle": "circle", "customer": "circle"})
		found := b.client.Inspect(t.Context())
		if diff := cmp.Diff(test.want, found.EnforcedWithoutEnrolment); diff != "" || !found.EnforcementKnown {
			t.Errorf("%s: known %v, %s", name, found.EnforcementKnown, diff)
		}
	}
}

func TestInspectAsksWithTheWriteTokenToo(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.fake.Policies([]directustest.Policy{{Name: "staff", EnforceTFA: true, Roles: []string{"customer"}}}, nil)
	if found := b.client.Inspect(t.Context()); found.EnforcementKnown {
		t.Errorf("the service token was told: %v", found.EnforcedWithoutEnrolment)
	}
	b.client = newClient(t, directus.Config{
		BaseURL: b.fake.URL, ServiceToken: b.fake.ServiceToken, WriteToken: b.fake.AdminToken, Now: b.clock.Now, Random: unread{},
	})
	found := b.client.Inspect(t.Context())
	if diff := cmp.Diff([]string{"staff"}, found.EnforcedWithoutEnrolment); diff != "" {
		t.Error(diff)
	}
}

// unread is for what needs no randomness.
type unread struct{}

func (unread) Read([]byte) (int, error) { panic("read") }

func TestInspectLooksAtTheWriteToken(t *testing.T) {
	t.Parallel()
	writes := directus.WriteRights{Valid: directus.Yes, Admin: directus.No, CreatesUsers: directus.Yes, UpdatesUsers: directus.Yes, StoresFiles: directus.Yes}
	admin := writes
	admin.Admin = directus.Yes
	for name, test := range map[string]struct {
		token func(*directustest.Server) storage.Secret
		want  directus.WriteRights
	}{
		"none":          {func(*directustest.Server) storage.Secret { return "" }, directus.WriteRights{}},
		"writes":        {func(s *directustest.Server) storage.Secret { return s.WriteToken }, writes},
		"administrator": {func(s *directustest.Server) storage.Secret { return s.AdminToken }, admin},
		"invalid":       {func(*directustest.Server) storage.Secret { return "no such token" }, directus.WriteRights{Valid: directus.No}},
		"service": {func(s *directustest.Server) storage.Secret { return s.ServiceToken }, directus.WriteRights{
			Valid: directus.Yes, Admin: directus.No, CreatesUsers: directus.No, UpdatesUsers: directus.No, StoresFiles: directus.No,
		}},
	} {
		b := newBench(t)
		b.client = newClient(t, directus.Config{
			BaseURL: b.fake.URL, ServiceToken: b.fake.ServiceToken, WriteToken: test.token(b.fake), Now: b.clock.Now, Random: unread{},
		})
		found := b.client.Inspect(t.Context())
		if diff := cmp.Diff(test.want, found.WriteToken); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestInspectListsProviders(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.fake.Offer(google())
	found := b.client.Inspect(t.Context())
	if diff := cmp.Diff([]directus.ExternalOffer{{Name: "google", Driver: "openid", Mode: "cookie"}}, found.External); diff != "" || !found.ExternalKnown {
		t.Errorf("known %v, %s", found.ExternalKnown, diff)
	}
	b.fake.Inject(directustest.Fault{Path: "/auth", Status: 500})
	if found := b.client.Inspect(t.Context()); found.ExternalKnown {
		t.Error("known although Directus did not say")
	}
}
