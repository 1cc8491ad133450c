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
	"gatehouse/storage/directus/directustest"
)

const returnURL = "https://id.example.com/login/external/callback"

func google() storage.ExternalProvider {
	return storage.ExternalProvider{Name: "google", Label: "Google", Icon: "google", Driver: "openid"}
}

func TestProvidersAreAskedOnceAMinute(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.fake.Offer(
		google(),
		storage.ExternalProvider{Name: "staff", Driver: "saml"},
		storage.ExternalProvider{Name: "directory", Driver: "ldap"},
		storage.ExternalProvider{Name: "second", Driver: "local"},
		storage.ExternalProvider{Name: "../users", Driver: "openid"},
	)
	want := []storage.ExternalProvider{google(), {Name: "staff", Label: "staff", Driver: "saml"}}
	for range 3 {
		got, err := b.client.Providers(t.Context())
		if err != nil || cmp.Diff(want, got) != "" {
			t.Fatalf("%v, %s", err, cmp.Diff(want, got))
		}
		got[0].Name = "changed by the caller"
	}
	if b.fake.Calls("/auth") != 1 {
		t.Errorf("asked %d times, want 1", b.fake.Calls("/auth"))
	}
	b.fake.Offer()
	b.clock.Advance(time.Minute)
	if got, err := b.client.Providers(t.Context()); err != nil || len(got) != 0 {
		t.Errorf("a minute later: %v, %v", got, err)
	}
}

func TestProvidersWhileDirectusIsAway(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.fake.Offer(google())
	b.fake.Inject(directustest.Fault{Path: "/auth", Status: 503, Times: 1})
	for range 2 { // the second time without asking
		if _, err := b.client.Providers(t.Context()); !errors.Is(err, storage.ErrUnavailable) {
			t.Errorf("error %v, want %v", err, storage.ErrUnavailable)
		}
	}
	if b.fake.Calls("/auth") != 1 {
		t.Errorf("asked %d times, want 1", b.fake.Calls("/auth"))
	}
	b.clock.Advance(time.Minute)
	if got, err := b.client.Providers(t.Context()); err != nil || len(got) != 1 {
		t.Fatalf("back again: %v, %v", got, err)
	}
	b.fake.Inject(directustest.Fault{Path: "/auth", Status: 503})
	b.clock.Advance(time.Minute)
	if got, err := b.client.Providers(t.Context()); err != nil || len(got) != 1 {
		t.Errorf("an old list is better than none: %v, %v", got, err)
	}
}

func TestBeginLeadsToProvidersThatAreOffered(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *directus.Config) { c.PublicURL = "https://directus.example.com/base/" })
	b.fake.Offer(google())
	got, err := b.client.Begin(t.Context(), "google", returnURL)
	want := "https://directus.example.com/base/auth/login/google?redirect=https%3A%2F%2Fid.example.com%2Flogin%2Fexternal%2Fcallback"
	if err != nil || got != want {
		t.Errorf("%q, %v", got, err)
	}
	for _, provider := range []string{"default", "github", "", "google/callback", "google?redirect=x"} {
		if _, err := b.client.Begin(t.Context(), provider, returnURL); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("%q: error %v, want %v", provider, err, storage.ErrNotFound)
		}
	}
	bare := newBench(t)
	bare.fake.Offer(google())
	if got, err := bare.client.Begin(t.Context(), "google", returnURL); err != nil || !strings.HasPrefix(got, bare.fake.URL+"/auth/login/google?") {
		t.Errorf("without PublicURL: %q, %v", got, err)
	}
	_, err = directus.New(directus.Config{
		BaseURL: b.fake.URL, ServiceToken: "x", Now: time.Now, Random: strings.NewReader(""), PublicURL: "javascript:alert(1)",
	})
	if err == nil {
		t.Error("a public URL that is none was taken")
	}
}

func fromGoogle(u *directustest.User) { u.Password, u.Provider = "", "google" }

func TestCookiesOfEitherModeAreRedeemed(t *testing.T) {
	t.Parallel()
	for name, cookie := range map[string]func(*directustest.Server, string) storage.Secret{
		"cookie":  (*directustest.Server).RefreshCookie,
		"session": (*directustest.Server).SessionCookie,
	} {
		b := newBench(t, func(c *directus.Config) { c.ForwardClientAddress = true })
		id := b.addAda(fromGoogle)
		value := cookie(b.fake, id)
		caller := storage.Caller{ClientAddress: "203.0.113.9", UserAgent: "Browser/1"}
		got, err := b.client.Redeem(t.Context(), "google", []storage.Secret{value}, caller)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got.Account.ID != id || got.Account.Provider != "google" || got.OTPVerified || got.EnforceTFA || got.AdminAccess {
			t.Errorf("%s: %+v", name, got)
		}
		sent := b.fake.Requests("/auth/refresh")[0].Header
		if sent.Get("X-Forwarded-For") != "203.0.113.9" || sent.Get("User-Agent") != "Browser/1" {
			t.Errorf("%s: not forwarded: %v", name, sent)
		}
		if _, err := b.client.Redeem(t.Context(), "google", []storage.Secret{value}, caller); !errors.Is(err, storage.ErrInvalidCredentials) {
			t.Errorf("%s: redeemed twice: %v", name, err)
		}
		if err := b.client.Logout(t.Context(), got.Pair); err != nil || b.fake.Sessions(id) != 0 {
			t.Errorf("%s: %d Directus sessions left, %v", name, b.fake.Sessions(id), err)
		}
		if access := got.Pair.Access(); access.Subject != id {
			t.Errorf("%s: access of %q", name, access.Subject)
		}
	}
}

func TestCookiesThatAreNotRedeemed(t *testing.T) {
	t.Parallel()
	type given struct {
		fake       *directustest.Server
		ada, grace string // by google; with a password
	}
	suspend := func(g given) { g.fake.SetStatus(g.ada, "suspended") }
	one := func(value storage.Secret) []storage.Secret { return []storage.Secret{value} }
	for name, test := range map[string]struct {
		provider string
		cookies  func(given) []storage.Secret
	}{
		"none":               {"google", func(given) []storage.Secret { return nil }},
		"empty":              {"google", func(given) []storage.Secret { return one("") }},
		"no token":           {"google", func(given) []storage.Secret { return one("not a token") }},
		"unknown token":      {"google", func(given) []storage.Secret { return one(storage.Secret(strings.Repeat("a", 64))) }},
		"endless":            {"google", func(given) []storage.Secret { return one(storage.Secret(strings.Repeat("a.", 1<<20))) }},
		"another provider":   {"github", func(g given) []storage.Secret { return one(g.fake.RefreshCookie(g.ada)) }},
		"session of another": {"github", func(g given) []storage.Secret { return one(g.fake.SessionCookie(g.ada)) }},
		"local user":         {"google", func(g given) []storage.Secret { return one(g.fake.RefreshCookie(g.grace)) }},
		"default is none":    {"default", func(g given) []storage.Secret { return one(g.fake.RefreshCookie(g.grace)) }},
		"no provider":        {"", func(g given) []storage.Secret { return one(g.fake.RefreshCookie(g.ada)) }},
		"forged for another": {"google", func(g given) []storage.Secret {
			return one(directustest.ForgeSessionCookie(g.ada, g.fake.RefreshCookie(g.grace)))
		}},
		"suspended since then": {"google", func(g given) []storage.Secret { c := g.fake.RefreshCookie(g.ada); suspend(g); return one(c) }},
	} {
		b := newBench(t)
		g := given{fake: b.fake, ada: b.addAda(fromGoogle), grace: b.fake.AddUser(directustest.User{Email: "grace@example.com", Password: password})}
		_, err := b.client.Redeem(t.Context(), test.provider, test.cookies(g), storage.Caller{})
		if !errors.Is(err, storage.ErrInvalidCredentials) {
			t.Errorf("%s: error %v, want %v", name, err, storage.ErrInvalidCredentials)
		}
	}
}

// A browser may hold the session of an administrator at work in the Studio: it
// must not end because he tries a sign-in.
func TestAStudioSessionIsLeftAlone(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ada := b.addAda(fromGoogle)
	admin := b.fake.AddUser(directustest.User{Email: "root@example.com", Password: password, Admin: true})
	studio := b.fake.SessionCookie(admin)
	if _, err := b.client.Redeem(t.Context(), "google", []storage.Secret{studio}, storage.Caller{}); !errors.Is(err, storage.ErrInvalidCredentials) {
		t.Errorf("error %v, want %v", err, storage.ErrInvalidCredentials)
	}
	got, err := b.client.Redeem(t.Context(), "google", []storage.Secret{studio, b.fake.RefreshCookie(ada)}, storage.Caller{})
	if err != nil || got.Account.ID != ada {
		t.Errorf("%q, %v", got.Account.ID, err)
	}
	if b.fake.Calls("/auth/refresh") != 1 || b.fake.Sessions(admin) != 1 {
		t.Errorf("%d refreshes, %d sessions of the administrator", b.fake.Calls("/auth/refresh"), b.fake.Sessions(admin))
	}
}

func TestRedeemedForTheWrongPersonASessionEnds(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ada := b.addAda(fromGoogle)
	_, err := b.client.Redeem(t.Context(), "github", []storage.Secret{b.fake.RefreshCookie(ada)}, storage.Caller{})
	if !errors.Is(err, storage.ErrInvalidCredentials) || b.fake.Sessions(ada) != 0 {
		t.Errorf("error %v, %d sessions left", err, b.fake.Sessions(ada))
	}
}

func TestRedeemSaysWhoMustEnrol(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*directustest.User)
		want   bool
	}{
		"enforced":        {func(u *directustest.User) { u.EnforceTFA = true }, true},
		"enforced, has":   {func(u *directustest.User) { u.EnforceTFA, u.OTPSecret = true, otpSeed }, false},
		"nobody enforces": {func(*directustest.User) {}, false},
	} {
		b := newBench(t)
		id := b.addAda(fromGoogle, test.change)
		got, err := b.client.Redeem(t.Context(), "google", []storage.Secret{b.fake.SessionCookie(id)}, storage.Caller{})
		if err != nil || got.EnforceTFA != test.want {
			t.Errorf("%s: %v, %v", name, got.EnforceTFA, err)
		}
	}
}

func TestRedeemWhileDirectusFails(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault directustest.Fault
		want  error
	}{
		"refresh":  {directustest.Fault{Path: "/auth/refresh", Status: 502}, storage.ErrUnavailable},
		"licence":  {directustest.Fault{Path: "/auth/refresh", Status: 403, Code: "RESOURCE_RESTRICTED"}, storage.ErrRestricted},
		"look-up":  {directustest.Fault{Path: "/users", Status: 500}, storage.ErrUnavailable},
		"policies": {directustest.Fault{Path: "/policies/me/globals", Status: 500}, storage.ErrUnavailable},
	} {
		b := newBench(t)
		id := b.addAda(fromGoogle)
		b.fake.Inject(test.fault)
		_, err := b.client.Redeem(t.Context(), "google", []storage.Secret{b.fake.RefreshCookie(id)}, storage.Caller{})
		if !errors.Is(err, test.want) {
			t.Errorf("%s: error %v, want %v", name, err, test.want)
		}
		if test.fault.Path != "/auth/refresh" && b.fake.Sessions(id) != 0 {
			t.Errorf("%s: %d sessions left", name, b.fake.Sessions(id))
		}
	}
}

// FuzzRedeem feeds what a stranger's browser may send.
func FuzzRedeem(f *testing.F) {
	for _, seed := range []string{"", "a.b.c", "e30.e30.e30", strings.Repeat("a", 64), "..", "x.eyJpZCI6bnVsbH0.x"} {
		f.Add(seed)
	}
	client, err := directus.New(directus.Config{
		BaseURL: "https://directus.example.com", ServiceToken: "service", Now: time.Now, Random: strings.NewReader(""),
		Transport: unknowing{},
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, cookie string) {
		got, err := client.Redeem(t.Context(), "google", []storage.Secret{storage.Secret(cookie)}, storage.Caller{})
		if err == nil || got.Account.ID != "" {
			t.Errorf("%q signed in %q", cookie, got.Account.ID)
		}
	})
}

// unknowing is a Directus that knows no token.
type unknowing struct{}

func (unknowing) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusUnauthorized, Header: http.Header{}, ProtoMajor: 1, ProtoMinor: 1, Body: http.NoBody,
	}, nil
}
