package storage_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/storage"
)

func TestAccountName(t *testing.T) {
	for given, want := range map[string]string{
		"Jane@Example.ORG":   "jane@example.org",
		" jane@example.org":  "jane@example.org",
		"ÄNNE@example.org":   "Änne@example.org",
		"vİctim@Example.org": "vİctim@example.org",
		"":                   "",
	} {
		if got := storage.AccountName(given); got != want {
			t.Errorf("%q is named %q, want %q", given, got, want)
		}
	}
}

func TestConsentsAdd(t *testing.T) {
	var consents storage.Consents
	first, later := time.Unix(1000, 0), time.Unix(2000, 0)
	consents.Allow("shop", []string{"openid", "email"}, first)
	consents.Allow("news", []string{"openid"}, first)
	consents.Allow("shop", []string{"profile", "openid"}, later)
	want := storage.Consents{Clients: map[string]storage.Consent{
		"shop": {Scopes: []string{"openid", "email", "profile"}, At: later},
		"news": {Scopes: []string{"openid"}, At: first},
	}}
	if diff := cmp.Diff(want, consents); diff != "" {
		t.Errorf("consents (-want +got):\n%s", diff)
	}
}

func TestGrantBound(t *testing.T) {
	for _, test := range []struct {
		name  string
		grant storage.Grant
		want  bool
	}{
		{"of a session", storage.Grant{SessionID: "s"}, true},
		{"offline", storage.Grant{SessionID: "s", Offline: true}, false},
		{"of a client alone", storage.Grant{}, false},
	} {
		if got := test.grant.Bound(); got != test.want {
			t.Errorf("%s: %v", test.name, got)
		}
	}
}

func TestClientAnswers(t *testing.T) {
	for _, test := range []struct {
		name           string
		client         storage.Client
		public, native bool
		display        string
	}{
		{"no method named", storage.Client{ID: "c"}, false, false, "c"},
		{"public", storage.Client{ID: "c", TokenEndpointAuthMethod: "none", Name: "App"}, true, false, "App"},
		{"native", storage.Client{ID: "c", ApplicationType: "native"}, false, true, "c"},
	} {
		if test.client.Public() != test.public || test.client.Native() != test.native || test.client.DisplayName() != test.display {
			t.Errorf("%s: public %v, native %v, shown as %q",
				test.name, test.client.Public(), test.client.Native(), test.client.DisplayName())
		}
	}
}
