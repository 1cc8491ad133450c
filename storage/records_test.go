package storage_test

import (
	"testing"

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

// Whatever the parts, two pairs never share a name.
func TestConsentNamesDiffer(t *testing.T) {
	if storage.ConsentName("ab", "c") == storage.ConsentName("a", "bc") {
		t.Error("two pairs share a name")
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
