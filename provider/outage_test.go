package provider_test

import (
	"cmp"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/provider/oauth"
	"gatehouse/provider/providertest"
	"gatehouse/storage/directus"
	"gatehouse/storage/directus/directustest"
)

const (
	grace   = "grace@example.com"
	rotated = "wrong token after rotation"
)

// detour is the way to Directus, which may lead elsewhere.
type detour struct{ to atomic.Pointer[url.URL] }

func (d *detour) RoundTrip(r *http.Request) (*http.Response, error) {
	if elsewhere := d.to.Load(); elsewhere != nil {
		r = r.Clone(r.Context())
		r.URL.Scheme, r.URL.Host, r.Host = elsewhere.Scheme, elsewhere.Host, ""
	}
	return http.DefaultTransport.RoundTrip(r)
}

func (d *detour) lead(t *testing.T, address string) {
	t.Helper()
	elsewhere, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	d.to.Store(elsewhere)
}

// situation is a row of the table in docs/operations.md, "When Directus is away".
type situation struct {
	name  string
	begin func(*testing.T, *providertest.Server, *detour)
}

func injected(faults ...directustest.Fault) func(*testing.T, *providertest.Server, *detour) {
	return func(_ *testing.T, s *providertest.Server, _ *detour) {
		for _, fault := range faults {
			s.Directus.Inject(fault)
		}
	}
}

func statusPage(t *testing.T, page *providertest.Page) {
	t.Helper()
	page.WantPage(t, http.StatusServiceUnavailable, oauth.TemporarilyUnavailable)
	if page.Header.Get("Retry-After") == "" || !page.Has("retry") {
		t.Errorf("the page does not say when and how to try again:\n%s", page.Body)
	}
}

func says(words string) func(*testing.T, *providertest.Page) {
	return func(t *testing.T, page *providertest.Page) {
		t.Helper()
		if !strings.Contains(page.Body, words) {
			t.Errorf("page does not say %q:\n%s", words, page.Body)
		}
	}
}

// situations are those in which Directus does not say what it is asked.
func situations() []situation {
	return []situation{
		{name: "down", begin: func(t *testing.T, _ *providertest.Server, way *detour) {
			closed := httptest.NewServer(nil)
			closed.Close()
			way.lead(t, closed.URL)
		}},
		{name: "hangs", begin: func(t *testing.T, s *providertest.Server, _ *detour) {
			hold := make(chan struct{})
			t.Cleanup(func() { close(hold) })
			s.Directus.Inject(directustest.Fault{Hold: hold})
		}},
		{name: "500", begin: injected(directustest.Fault{Status: http.StatusInternalServerError, Code: "INTERNAL_SERVER_ERROR"})},
		{name: "503 under pressure", begin: injected(directustest.Fault{Status: http.StatusServiceUnavailable, Code: "SERVICE_UNAVAILABLE"})},
		{name: "429", begin: injected(directustest.Fault{Status: http.StatusTooManyRequests, Code: "REQUESTS_EXCEEDED", RetryAfter: 3})},
		{name: "page of a proxy", begin: injected(directustest.Fault{Body: "<html>maintenance</html>"})},
		{name: "error of a proxy", begin: injected(directustest.Fault{Status: http.StatusBadGateway})},
		{name: "connection reset midway", begin: injected(directustest.Fault{Drop: true, After: true})},
		{name: "DNS", begin: func(t *testing.T, _ *providertest.Server, way *detour) {
			way.lead(t, "http://directus.invalid:8055") // RFC 2606: never resolves
		}},
		{name: "TLS", begin: func(t *testing.T, _ *providertest.Server, way *detour) {
			untrusted := httptest.NewUnstartedServer(nil)
			untrusted.Config.ErrorLog = log.New(io.Discard, "", 0)
			untrusted.StartTLS()
			t.Cleanup(untrusted.Close)
			way.lead(t, untrusted.URL)
		}},
		{name: rotated, begin: injected(
			directustest.Fault{ServiceToken: true, Status: http.StatusUnauthorized, Code: "INVALID_CREDENTIALS"})},
	}
}

// outage is a provider with people who are signed in.
type outage struct {
	*providertest.Server
	way            *detour
	rp, api        *providertest.RelyingParty
	browser        *providertest.Browser
	access, chain  string
	code, userID   string
	waiting, mails *providertest.Browser
}

func newOutage(t *testing.T, options providertest.Options) *outage {
	t.Helper()
	o := &outage{way: &detour{}}
	options.Transport, options.DirectusTimeout = o.way, cmp.Or(options.DirectusTimeout, 250*time.Millisecond)
	o.Server = providertest.New(t, options)
	o.userID = o.AddUser(ada)
	o.AddUser(grace)
	o.Directus.SetRegistration(directustest.Registration{Open: true, VerifiesEmail: true})
	o.rp, o.api, o.browser = o.Web(t), o.RelyingParty(t, providertest.APIID, providertest.APISecret, ""), o.NewBrowser(t)
	tokens := o.rp.Exchange(o.browser.SignIn(o.rp, ada, map[string]string{"scope": "openid profile email offline_access", "prompt": "consent"})).WantOK(t)
	o.access, o.chain = tokens.Text("access_token"), tokens.Text("refresh_token")
	o.waiting, o.mails = o.NewBrowser(t), o.NewBrowser(t)
	return o
}

// age lets the last look grow old, when a code has been given out and the other
// nodes have heard of the look.
func (o *outage) age(t *testing.T) {
	t.Helper()
	o.code = o.browser.Get(o.rp.AuthorizationURL(map[string]string{"prompt": "none"})).Code(t)
	if err := o.Provider.Looks().Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	o.Clock.Advance(providertest.CodeLifetime - 10*time.Second) // the code is still good
}

// goesOn fails the test unless everything goes on that needs no new sign-in.
func (o *outage) goesOn(t *testing.T) {
	t.Helper()
	get(t, o.Server, "/.well-known/openid-configuration")
	get(t, o.Server, "/jwks")
	o.rp.Exchange(o.code).WantOK(t)
	refreshed := o.rp.Refresh(o.chain).WantOK(t)
	o.chain, o.access = refreshed.Text("refresh_token"), refreshed.Text("access_token")
	if answer := o.api.Post("/introspect", url.Values{"token": {o.access}}).WantOK(t); answer.Text("sub") != o.userID {
		t.Errorf("introspection says %s, want an active token", answer.Raw)
	}
	o.browser.Get(o.rp.AuthorizationURL(map[string]string{"prompt": "none"})).Code(t)
}

// refusesNobody fails the test if somebody is told that his sign-in is over,
// while the last look is too old to go on.
func (o *outage) refusesNobody(t *testing.T) {
	t.Helper()
	for range 2 { // the second time it must not have been spent by the first
		refused := o.rp.Refresh(o.chain)
		refused.WantError(t, http.StatusServiceUnavailable, oauth.TemporarilyUnavailable)
		if refused.Header.Get("Retry-After") == "" {
			t.Error("the refusal does not say when to come again")
		}
	}
	o.browser.Get(o.rp.AuthorizationURL(map[string]string{"prompt": "none"})).WantError(t, oauth.TemporarilyUnavailable)
}

// TestWhenDirectusIsAway is the table in docs/operations.md.
func TestWhenDirectusIsAway(t *testing.T) {
	t.Parallel()
	for _, row := range situations() {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			o := newOutage(t, providertest.Options{Staleness: 30 * time.Second})
			o.age(t)
			row.begin(t, o.Server, o.way)
			o.goesOn(t)
			// This process has seen the user, and may tell of him.
			o.UserInfo(t, o.access).WantOK(t)

			// New sign-ins, registrations and resets get a page that leads on.
			page := o.waiting.Get(o.rp.AuthorizationURL(nil))
			if page.Has("login-submit") {
				page = o.waiting.Password(page, grace)
			}
			statusPage(t, page)
			registering := o.mails.Get(o.Issuer + "/register")
			if registering.Status != http.StatusServiceUnavailable && !registering.Has("register-submit") {
				t.Errorf("the registration page answered %d\n%s", registering.Status, registering.Body)
			}

			o.Clock.Advance(providertest.OutageStaleness)
			o.refusesNobody(t)
			o.UserInfo(t, o.access).WantError(t, http.StatusServiceUnavailable, oauth.TemporarilyUnavailable)

			// When it is back everything goes on where it was.
			o.way.to.Store(nil)
			o.Directus.ClearFaults()
			o.Clock.Advance(directus.DefaultBreakerPause)
			refreshed := o.rp.Refresh(o.chain).WantOK(t)
			o.UserInfo(t, refreshed.Text("access_token")).WantOK(t)
			again := o.waiting.Get(page.Link("retry"))
			o.waiting.Through(again, grace).Code(t)
		})
	}
}

// A node that never saw the user lets him go on by what the others noted, but
// tells nothing of him.
func TestLookOfAnotherNodeIsEnough(t *testing.T) {
	o := newOutage(t, providertest.Options{Staleness: 30 * time.Second, CacheSize: 1})
	o.age(t)
	// Another user takes the one place in memory.
	o.waiting.SignIn(o.rp, grace, nil)
	o.Directus.Inject(directustest.Fault{Status: http.StatusServiceUnavailable, Code: "SERVICE_UNAVAILABLE"})
	o.goesOn(t)
	o.UserInfo(t, o.access).WantError(t, http.StatusServiceUnavailable, oauth.TemporarilyUnavailable)
	o.Clock.Advance(providertest.OutageStaleness)
	o.refusesNobody(t)
}

// What is known to be over stays so, whatever older looks say.
func TestOutageRevivesNobody(t *testing.T) {
	o := newOutage(t, providertest.Options{Staleness: 30 * time.Second})
	o.age(t)
	o.Directus.SetStatus(o.userID, "suspended")
	o.UserInfo(t, o.access).WantError(t, http.StatusUnauthorized, oauth.InvalidToken)
	o.Directus.Inject(directustest.Fault{Status: http.StatusServiceUnavailable, Code: "SERVICE_UNAVAILABLE"})
	o.rp.Refresh(o.chain).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
	if err := o.Provider.Looks().Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	look, err := o.Store.Looks.Get(t.Context(), o.userID)
	if err != nil || look.Value.Active {
		t.Errorf("look %+v, error %v, want that the user may not go on", look, err)
	}
}

func TestLockedLicenceStopsSignInsAlone(t *testing.T) {
	o := newOutage(t, providertest.Options{Staleness: 30 * time.Second})
	o.age(t)
	o.Directus.Inject(directustest.Fault{Path: "/auth/login", Status: http.StatusForbidden, Code: "RESOURCE_RESTRICTED"})
	o.goesOn(t)
	o.UserInfo(t, o.access).WantOK(t)
	says("Nobody can sign in")(t, o.waiting.Password(o.waiting.Get(o.rp.AuthorizationURL(nil)), grace))
	o.Clock.Advance(providertest.OutageStaleness)
	o.rp.Refresh(o.chain).WantOK(t)
}

// A Directus that comes and goes costs nothing but another try.
func TestDirectusComesAndGoes(t *testing.T) {
	o := newOutage(t, providertest.Options{Staleness: -1, OutageStaleness: -1})
	for i := range 4 {
		// Both the look and its repetition fail.
		o.Directus.Inject(directustest.Fault{Path: "/users", Status: http.StatusServiceUnavailable, Code: "SERVICE_UNAVAILABLE", Times: 2})
		o.rp.Refresh(o.chain).WantError(t, http.StatusServiceUnavailable, oauth.TemporarilyUnavailable)
		o.Directus.ClearFaults()
		o.chain = o.rp.Refresh(o.chain).WantOK(t).Text("refresh_token")

		asking := o.waiting.Get(o.rp.AuthorizationURL(map[string]string{"prompt": "login"}))
		o.Directus.Inject(directustest.Fault{Path: "/auth/login", Status: http.StatusServiceUnavailable, Code: "SERVICE_UNAVAILABLE", Times: 1})
		statusPage(t, o.waiting.Password(asking, grace))
		o.waiting.Through(o.waiting.Get(asking.URL.String()), grace).Code(t)

		form := o.mails.Get(o.Issuer + "/reset-password")
		o.Directus.Inject(directustest.Fault{Path: "/auth/password/request", Status: http.StatusServiceUnavailable, Code: "SERVICE_UNAVAILABLE", Times: 1})
		reset := mailForm{submit: "reset-submit", fill: map[string]string{"username": fmt.Sprintf("person%d@example.com", i)}}
		reset.again(t, o.mails.Press(form, reset.submit, reset.fill))
		reset.sent(t, o.mails.Press(form, reset.submit, reset.fill))
	}
}

// A slow look makes whoever needs it wait, and nobody else.
func TestSlowLooksTakeAsLong(t *testing.T) {
	o := newOutage(t, providertest.Options{Staleness: 30 * time.Second, DirectusTimeout: time.Minute})
	o.age(t) // a look is due
	hold, arrived := make(chan struct{}), make(chan struct{}, 1)
	o.Directus.Inject(directustest.Fault{Path: "/users", Hold: hold, Arrived: arrived, Times: 1})
	answer := make(chan providertest.Answer, 1)
	go func() { answer <- o.UserInfo(t, o.access) }()
	<-arrived
	o.waiting.SignIn(o.rp, grace, nil)
	select {
	case early := <-answer:
		t.Errorf("answered before Directus did: %d %s", early.Status, early.Raw)
	default:
		close(hold)
		(<-answer).WantOK(t)
	}
}

// Sign-ins that hang take no turn from anybody else: the bound is on requests to
// Directus under way, and what needs none does not wait.
func TestSlowSignInsHoldUpThemselvesAlone(t *testing.T) {
	o := newOutage(t, providertest.Options{Staleness: 30 * time.Second, DirectusTimeout: time.Minute})
	o.age(t)
	const many = 60 // fewer than one network may fail with
	hold, arrived := make(chan struct{}), make(chan struct{}, many)
	release := sync.OnceFunc(func() { close(hold) })
	t.Cleanup(release)
	o.Directus.Inject(directustest.Fault{Path: "/auth/login", Hold: hold, Arrived: arrived})
	pages := make(chan *providertest.Page, many)
	for i := range many {
		browser := o.NewBrowser(t)
		form := browser.Get(o.rp.AuthorizationURL(nil))
		go func() { pages <- browser.Password(form, fmt.Sprintf("person%d@example.com", i)) }()
	}
	for range 24 { // three quarters of the 32 that providertest allows
		<-arrived
	}
	o.goesOn(t)
	if len(arrived) > 0 {
		t.Errorf("%d sign-ins are under way, beyond the bound of 24", 24+len(arrived))
	}
	o.Clock.Advance(30 * time.Second) // a look is due, and gets its turn
	o.UserInfo(t, o.access).WantOK(t)
	release()
	for range many {
		<-pages
	}
	if calls := len(arrived) + 24; calls > many {
		t.Errorf("%d sign-ins were sent, more than were made", calls)
	}
}
