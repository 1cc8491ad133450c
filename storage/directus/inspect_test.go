package directus_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/storage"
	"gatehouse/storage/directus"
	"gatehouse/storage/directus/directustest"
)

func TestTokenRights(t *testing.T) {
	t.Parallel()
	reader := directus.TokenRights{
		Valid: directus.Yes, Admin: directus.No, AppAccess: directus.No,
		ReadsUsers: directus.Yes, ReadsRoles: directus.Yes, ReadsEveryUser: directus.Yes, WritesKnown: true,
		ReadsKnown: true, Reads: []string{"companies", "directus_roles", "directus_users"},
	}
	admin := reader
	admin.Admin, admin.AppAccess = directus.Yes, directus.Yes
	admin.Reads = []string{"directus_files", "directus_roles", "directus_users"}
	for name, test := range map[string]struct {
		token func(*directustest.Server) storage.Secret
		want  directus.TokenRights
	}{
		"service token": {func(s *directustest.Server) storage.Secret { return s.ServiceToken }, reader},
		"administrator": {func(s *directustest.Server) storage.Secret { return s.AdminToken }, admin},
		"invalid": {
			func(*directustest.Server) storage.Secret { return "no such token" },
			directus.TokenRights{Valid: directus.No},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake := directustest.New(t)
			fake.LetRead("companies")
			b := newBench(t, func(c *directus.Config) { c.BaseURL, c.ServiceToken = fake.URL, test.token(fake) })
			got, err := b.client.TokenRights(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			got.UserID = ""
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Answers as Directus 10 and narrower tokens give them.
func TestTokenRightsOfOthers(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, fault := range []directustest.Fault{
		{Path: "/policies/me/globals", Status: 404, Code: "ROUTE_NOT_FOUND"},
		{Path: "/users/me", Times: 1, Body: `{"data":{"id":"x"}}`},
		{Path: "/users/me", Body: `{"data":{"role":{"admin_access":1,"app_access":0}}}`},
		{Path: "/permissions/me", Body: `{"data":{
			"directus_users":{"read":{"access":"partial","fields":["id"]},"update":{"access":"partial"},"create":{"access":"none"}},
			"posts":{"delete":{"access":"full"}}}}`},
		{Path: "/roles", Status: 403, Code: "FORBIDDEN"},
	} {
		b.fake.Inject(fault)
	}
	got, err := b.client.TokenRights(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := directus.TokenRights{
		Valid: directus.Yes, UserID: "x", Admin: directus.Yes, AppAccess: directus.No,
		ReadsUsers: directus.Yes, ReadsRoles: directus.No, ReadsEveryUser: directus.No, WritesKnown: true,
		ReadsKnown: true, Reads: []string{"directus_users"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	b.fake.ClearFaults()
	b.fake.Inject(directustest.Fault{Path: "/permissions/me", Body: `{"data":{
		"directus_users":{"read":{"access":"full","fields":["*"]},"update":{"access":"partial"},"create":{"access":"none"}},
		"posts":{"delete":{"access":"full"}}}}`})
	if got, err = b.client.TokenRights(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"delete posts", "update directus_users"}, got.Writes); diff != "" {
		t.Error(diff)
	}
}

func TestTokenRightsWhenDirectusIsDown(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/users/me", "/policies/me/globals", "/users", "/permissions/me"} {
		b := newBench(t)
		b.fake.Inject(directustest.Fault{Path: path, Status: 502})
		if _, err := b.client.TokenRights(t.Context()); !errors.Is(err, storage.ErrUnavailable) {
			t.Errorf("%s: error %v, want %v", path, err, storage.ErrUnavailable)
		}
	}
}

func TestInspect(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *directus.Config) {
		c.Fields = []string{"title", "loyalty_card"}
		c.Now = func() time.Time { return time.Now().Add(-time.Hour) }
	})
	b.addAda()
	got := b.client.Inspect(t.Context())
	if got.Problem != nil {
		t.Fatal(got.Problem)
	}
	if got.Reachable != directus.Yes || got.Version != "12.4.0" || got.LocalLogin != directus.Yes ||
		got.Registration != directus.No || got.VerifiesEmail != directus.Yes || got.Licensed != directus.No {
		t.Errorf("%+v", got)
	}
	if got.LoginAttemptsKnown || got.Token.Admin != directus.No {
		t.Errorf("%+v", got)
	}
	if skew := got.ClockSkew.Round(time.Minute); !got.ClockKnown || skew != time.Hour {
		t.Errorf("clock skew %v, want an hour", skew)
	}
	if diff := cmp.Diff([]string{"loyalty_card"}, got.MissingColumns); diff != "" {
		t.Error(diff)
	}
}

func TestInspectWhenDirectusIsDown(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.fake.Inject(directustest.Fault{Path: "/server/ping", Drop: true})
	got := b.client.Inspect(t.Context())
	if got.Reachable != directus.No || !errors.Is(got.Problem, storage.ErrUnavailable) {
		t.Errorf("%+v", got)
	}
}
