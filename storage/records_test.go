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
	shop, news := storage.Client{ID: "shop"}, storage.Client{ID: "news"}
	consents.Allow(shop, storage.Consent{Scopes: []string{"openid", "email"}, Claims: []string{"name"}, At: first, SessionID: "one"})
	consents.Allow(news, storage.Consent{Scopes: []string{"openid"}, At: first})
	consents.Allow(shop, storage.Consent{Scopes: []string{"profile", "openid"}, Claims: []string{"gender", "name"}, At: later, SessionID: "two"})
	want := storage.Consents{Clients: map[string]storage.Consent{
		"shop": {Scopes: []string{"openid", "email", "profile"}, Claims: []string{"name", "gender"}, At: later, SessionID: "two"},
		"news": {Scopes: []string{"openid"}, At: first},
	}}
	if diff := cmp.Diff(want, consents); diff != "" {
		t.Errorf("consents (-want +got):\n%s", diff)
	}
}

// What was allowed to something else does not come along.
func TestConsentsBeginAnew(t *testing.T) {
	first, later := time.Unix(1000, 0), time.Unix(3000, 0)
	for name, test := range map[string]struct {
		client  storage.Client
		session string
		kept    bool
	}{
		"the same client":                                {storage.Client{ID: "shop"}, "two", true},
		"another of the same id":                         {storage.Client{ID: "shop", CreatedAt: time.Unix(2000, 0)}, "one", false},
		"the same under another name since":              {storage.Client{ID: "shop", PresentedAt: time.Unix(2000, 0)}, "one", false},
		"an openly registered one in the session":        {storage.Client{ID: "shop", Registered: storage.RegisteredOpenly}, "one", true},
		"an openly registered one in another session":    {storage.Client{ID: "shop", Registered: storage.RegisteredOpenly}, "two", false},
		"one that was registered by token, in the other": {storage.Client{ID: "shop", Registered: storage.RegisteredByToken}, "two", true},
	} {
		consents := storage.Consents{Clients: map[string]storage.Consent{"shop": {Scopes: []string{"email"}, Claims: []string{"name"}, At: first, SessionID: "one"}}}
		consents.Allow(test.client, storage.Consent{Scopes: []string{"openid"}, At: later, SessionID: test.session})
		got := consents.Clients["shop"]
		if kept := len(got.Scopes) == 2 && len(got.Claims) == 1; kept != test.kept {
			t.Errorf("%s: %v", name, got)
		}
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
