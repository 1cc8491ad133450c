package directus_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/storage"
	"gatehouse/storage/directus"
)

func serviceToken(t *testing.T, d *real) {
	rights, err := d.client(t).TokenRights(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if rights.Valid != directus.Yes || rights.Admin != directus.No || rights.AppAccess != directus.No ||
		rights.ReadsUsers != directus.Yes || rights.ReadsRoles != directus.Yes || len(rights.Writes) != 0 {
		t.Errorf("%+v", rights)
	}
	for path, body := range map[string]map[string]any{
		"/users/" + rights.UserID: {"title": "x"},
		"/settings":               {"project_name": "x"},
	} {
		err := d.as(d.token.Reveal()).Call(t.Context(), http.MethodPatch, path, body, nil)
		if err == nil || !strings.Contains(err.Error(), "403") {
			t.Errorf("PATCH %s: %v, want 403", path, err)
		}
	}
}

func administratorsToken(t *testing.T, d *real) {
	client := d.client(t, func(c *directus.Config) { c.ServiceToken = storage.Secret(d.AdminToken) })
	found := client.Inspect(t.Context())
	if found.Problem != nil {
		t.Fatal(found.Problem)
	}
	if found.Token.Admin != directus.Yes {
		t.Errorf("an administrator's token is not seen: %+v", found.Token)
	}
	if !found.LoginAttemptsKnown || found.LoginAttempts != 25 {
		t.Errorf("auth_login_attempts %d, known %v", found.LoginAttempts, found.LoginAttemptsKnown)
	}
	if strings.HasPrefix(d.Version, "12.") && (found.License != directus.License{Name: "Core", Status: "active"}) {
		t.Errorf("licence %+v", found.License)
	}
}

func invalidToken(t *testing.T, d *real) {
	client := d.client(t, func(c *directus.Config) { c.ServiceToken = "no such token" })
	rights, err := client.TokenRights(t.Context())
	if err != nil || !cmp.Equal(rights, directus.TokenRights{Valid: directus.No}) {
		t.Errorf("%+v, %v", rights, err)
	}
	_, err = client.Find(t.Context(), "00000000-0000-4000-8000-000000000000", 0)
	if !errors.Is(err, directus.ErrServiceToken) || !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("error %v", err)
	}
}

func inspection(t *testing.T, d *real) {
	found := d.client(t).Inspect(t.Context())
	if found.Problem != nil {
		t.Fatal(found.Problem)
	}
	if found.Reachable != directus.Yes || found.LocalLogin != directus.Yes || len(found.MissingColumns) != 0 {
		t.Errorf("%+v", found)
	}
	if !d.isTen() && found.Version != d.Version {
		t.Errorf("version %q, want %q", found.Version, d.Version)
	}
	if !found.ClockKnown || found.ClockSkew.Abs() > time.Minute {
		t.Errorf("clock skew %v, known %v", found.ClockSkew, found.ClockKnown)
	}
	if strings.HasPrefix(d.Version, "12.") && found.Licensed != directus.No {
		t.Errorf("licensed %v", found.Licensed)
	}
}

func allowLists(t *testing.T, d *real) {
	client := d.client(t)
	users := func() string {
		count, err := d.Postgres.Query(t.Context(), "directus", "SELECT count(*) FROM directus_users WHERE status = 'unverified' AND last_name IS NULL")
		if err != nil {
			t.Fatal(err)
		}
		return count
	}
	before := users()
	for name, test := range map[string]struct {
		urls directus.URLs
		want directus.AllowLists
	}{
		"allowed": {directus.URLs{Reset: resetURL, Verify: verifyURL}, directus.AllowLists{Reset: directus.Yes, Verify: directus.Yes}},
		"other":   {directus.URLs{Reset: verifyURL, Verify: resetURL}, directus.AllowLists{Reset: directus.No, Verify: directus.No}},
		"none":    {directus.URLs{}, directus.AllowLists{}},
	} {
		got, err := client.AllowLists(t.Context(), test.urls)
		if err != nil {
			t.Fatal(err)
		}
		if d.isTen() && test.urls.Reset != "" {
			test.want.Reset = directus.Unknown
		}
		if got != test.want {
			t.Errorf("%s: %+v, want %+v", name, got, test.want)
		}
	}
	if after := users(); after != before {
		t.Errorf("asking registered somebody: %s users, then %s", before, after)
	}
}
