package directus_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/storage"
	"gatehouse/storage/directus"
	"gatehouse/storage/directus/directustest"
)

func TestAuthenticateReturnsTheAccount(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *directus.Config) { c.Fields = []string{"title", "role", "role.name", "policies.policy.name"} })
	id := b.addAda(func(u *directustest.User) {
		u.Fields = map[string]any{
			"title":    "Countess",
			"role":     map[string]any{"id": "r1", "name": "Customer"},
			"policies": []any{map[string]any{"policy": map[string]any{"name": "Reader"}}},
		}
	})
	got := b.signIn(t)
	want := storage.Account{
		ID: id, Email: email, Active: true, Status: "active", Role: "r1", FirstName: "Ada", LastName: "Lovelace", Provider: "default", SeenAt: b.clock.Now(),
		Fields: map[string]any{"title": "Countess", "role": "r1", "role.name": "Customer", "policies.policy.name": []any{"Reader"}},
	}
	if diff := cmp.Diff(want, got.Account); diff != "" {
		t.Error(diff)
	}
	if got.OTPVerified || got.EnforceTFA || got.AdminAccess {
		t.Errorf("flags of a plain user: %+v", got)
	}
	if b.fake.Sessions(id) != 1 {
		t.Errorf("%d Directus sessions, want 1", b.fake.Sessions(id))
	}
	if err := b.client.Logout(t.Context(), got.Pair); err != nil {
		t.Fatal(err)
	}
	if b.fake.Sessions(id) != 0 {
		t.Error("Directus session outlived Logout")
	}
}

// refusal is a sign-in that must end in want.
type refusal struct {
	user  func(*directustest.User)
	email string
	wrong bool
	otp   storage.Secret
	fault *directustest.Fault
	want  error
}

func loginFault(status int, code string) *directustest.Fault {
	return &directustest.Fault{Path: "/auth/login", Status: status, Code: code, RetryAfter: 7}
}

var refusalCases = map[string]refusal{
	"wrong password":                 {wrong: true, want: storage.ErrInvalidCredentials},
	"unknown e-mail":                 {email: "nobody@example.com", want: storage.ErrInvalidCredentials},
	"no password set":                {user: func(u *directustest.User) { u.Password = "" }, want: storage.ErrInvalidCredentials},
	"suspended":                      {user: status("suspended"), want: storage.ErrInvalidCredentials},
	"invited":                        {user: status("invited"), want: storage.ErrInvalidCredentials},
	"unverified":                     {user: status("unverified"), want: storage.ErrInvalidCredentials},
	"e-mail that Directus refuses":   {email: "ada@printer.local", want: storage.ErrMalformed},
	"one-time password missing":      {user: withOTP, want: storage.ErrOTPRequired},
	"one-time password wrong":        {user: withOTP, otp: "000000", want: storage.ErrInvalidOTP},
	"one-time password, wrong first": {user: withOTP, otp: "000000", wrong: true, want: storage.ErrInvalidCredentials},
	"USER_SUSPENDED of 10.8":         {fault: loginFault(401, "USER_SUSPENDED"), want: storage.ErrInvalidCredentials},
	"INVALID_PROVIDER of 10.8":       {fault: loginFault(403, "INVALID_PROVIDER"), want: storage.ErrInvalidCredentials},
	"licence locked":                 {fault: loginFault(403, "RESOURCE_RESTRICTED"), want: storage.ErrRestricted},
	"local login disabled":           {fault: loginFault(404, "ROUTE_NOT_FOUND"), want: storage.ErrRestricted},
	"rate limit":                     {fault: loginFault(429, "REQUESTS_EXCEEDED"), want: storage.ErrUnavailable},
	"under pressure":                 {fault: loginFault(503, "SERVICE_UNAVAILABLE"), want: storage.ErrUnavailable},
	"a proxy's 401":                  {fault: loginFault(401, ""), want: storage.ErrUnavailable},
	"a proxy's 404":                  {fault: loginFault(404, ""), want: storage.ErrUnavailable},
	"a redirect":                     {fault: loginFault(302, ""), want: storage.ErrUnavailable},
	"connection dropped":             {fault: &directustest.Fault{Path: "/auth/login", Drop: true}, want: storage.ErrUnavailable},
	"not JSON":                       {fault: &directustest.Fault{Path: "/auth/login", Body: "<html>"}, want: storage.ErrUnavailable},
	"no tokens":                      {fault: &directustest.Fault{Path: "/auth/login", Body: `{"data":{}}`}, want: storage.ErrUnavailable},
	"a token that is none": {
		fault: &directustest.Fault{Path: "/auth/login", Body: `{"data":{"access_token":"a.b.c","refresh_token":"r","expires":1000}}`},
		want:  storage.ErrUnavailable,
	},
	"an answer without end": {
		fault: &directustest.Fault{Path: "/auth/login", Body: `{"data":"` + strings.Repeat("x", 5<<20) + `"}`},
		want:  storage.ErrUnavailable,
	},
}

func TestAuthenticateRefusals(t *testing.T) {
	t.Parallel()
	for name, test := range refusalCases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			id := b.addAda(func(u *directustest.User) {
				if test.user != nil {
					test.user(u)
				}
			})
			if test.fault != nil {
				b.fake.Inject(*test.fault)
			}
			credentials := storage.Credentials{Email: email, Password: password, OTP: test.otp}
			if test.email != "" {
				credentials.Email = test.email
			}
			if test.wrong {
				credentials.Password = "guess " + password
			}
			_, err := b.client.Authenticate(t.Context(), credentials)
			if !errors.Is(err, test.want) {
				t.Fatalf("error %v, want %v", err, test.want)
			}
			if b.fake.Calls("/auth/login") != 1 {
				t.Errorf("%d logins sent, want exactly 1", b.fake.Calls("/auth/login"))
			}
			if b.fake.Sessions(id) != 0 {
				t.Error("a refused sign-in left a Directus session")
			}
			for what, text := range map[string]string{"error": fmt.Sprintf("%+v", err), "log": b.log.String()} {
				if strings.Contains(text, password) {
					t.Errorf("%s shows the password: %s", what, text)
				}
			}
		})
	}
}

func status(s string) func(*directustest.User) {
	return func(u *directustest.User) { u.Status = s }
}

func withOTP(u *directustest.User) { u.OTPSecret = otpSeed }

func TestAuthenticateRateLimitSaysWhenToComeBack(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.fake.Inject(directustest.Fault{Path: "/auth/login", Status: http.StatusTooManyRequests, Code: "REQUESTS_EXCEEDED", RetryAfter: 7})
	_, err := b.client.Authenticate(t.Context(), storage.Credentials{Email: email, Password: password})
	unavailable, ok := errors.AsType[*directus.UnavailableError](err)
	if !ok || unavailable.RetryAfter != 7*time.Second {
		t.Errorf("error %#v, want RetryAfter of 7 s", err)
	}
}

func TestAuthenticateWithOneTimePassword(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.addAda(withOTP)
	credentials := storage.Credentials{
		Email: email, Password: password, OTP: storage.Secret(directustest.OTP(otpSeed, b.clock.Now())),
	}
	got, err := b.client.Authenticate(t.Context(), credentials)
	if err != nil {
		t.Fatal(err)
	}
	if !got.OTPVerified {
		t.Error("one-time password was checked, and OTPVerified is false")
	}
}

// Directus ignores an otp of users that have none: it must not become amr=otp.
func TestAuthenticateDoesNotCountAnUncheckedOneTimePassword(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.addAda(func(u *directustest.User) { u.EnforceTFA, u.Admin = true, true })
	got, err := b.client.Authenticate(t.Context(), storage.Credentials{Email: email, Password: password, OTP: "123456"})
	if err != nil {
		t.Fatal(err)
	}
	if got.OTPVerified {
		t.Error("OTPVerified for a user without one-time password")
	}
	if !got.EnforceTFA || !got.AdminAccess {
		t.Errorf("EnforceTFA %v, AdminAccess %v, want both", got.EnforceTFA, got.AdminAccess)
	}
}

// The attempt that locks a user out answers 200 when its password is right.
func TestAuthenticateReadsTheStatusAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.addAda()
	b.fake.SetLoginAttempts(3)
	if _, err := b.client.Find(t.Context(), id, time.Hour); err != nil { // "active" is in the cache now
		t.Fatal(err)
	}
	for range 3 {
		_, err := b.client.Authenticate(t.Context(), storage.Credentials{Email: email, Password: "wrong"})
		if !errors.Is(err, storage.ErrInvalidCredentials) {
			t.Fatal(err)
		}
	}
	_, err := b.client.Authenticate(t.Context(), storage.Credentials{Email: email, Password: password})
	if !errors.Is(err, storage.ErrInvalidCredentials) {
		t.Fatalf("error %v, want %v", err, storage.ErrInvalidCredentials)
	}
	if user, _ := b.fake.User(id); user.Status != "suspended" {
		t.Fatalf("the fake did not lock out: %s", user.Status)
	}
	if b.fake.Sessions(id) != 0 {
		t.Error("the Directus session of the refused sign-in lives on")
	}
	if account, err := b.client.Find(t.Context(), id, time.Hour); err != nil || account.Active {
		t.Errorf("the cache still says active (%v)", err)
	}
}

func TestAuthenticateEndsTheSessionWhenTheStatusCannotBeRead(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.addAda()
	b.fake.Inject(directustest.Fault{Path: "/users", Status: http.StatusInternalServerError})
	_, err := b.client.Authenticate(t.Context(), storage.Credentials{Email: email, Password: password})
	if !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("error %v, want %v", err, storage.ErrUnavailable)
	}
	if b.fake.Sessions(id) != 0 {
		t.Error("the Directus session lives on")
	}
}

func TestAuthenticateForwardsOneCleanAddress(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		forward        bool
		address, agent string
		wantAddress    []string
		wantAgent      []string
	}{
		"IPv4":          {true, "192.0.2.7", "Browser/1", []string{"192.0.2.7"}, []string{"Browser/1"}},
		"IPv6 zone":     {true, "fe80::1%eth0", "", []string{"fe80::1"}, []string{"Gatehouse"}},
		"mapped IPv4":   {true, "::ffff:192.0.2.7", "", []string{"192.0.2.7"}, []string{"Gatehouse"}},
		"list":          {true, "10.0.0.1, 192.0.2.7", "", nil, []string{"Gatehouse"}},
		"line break":    {true, "192.0.2.7\r\nX-Evil: 1", "a\r\nX-Evil: 1", nil, []string{"aX-Evil: 1"}},
		"nothing":       {true, "", "", nil, []string{"Gatehouse"}},
		"not forwarded": {false, "192.0.2.7", "é\x00", nil, []string{"Gatehouse"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, func(c *directus.Config) { c.ForwardClientAddress = test.forward })
			b.addAda()
			_, err := b.client.Authenticate(t.Context(), storage.Credentials{
				Email: email, Password: password, ClientAddress: test.address, UserAgent: test.agent,
			})
			if err != nil {
				t.Fatal(err)
			}
			header := b.fake.Requests("/auth/login")[0].Header
			if diff := cmp.Diff(test.wantAddress, header["X-Forwarded-For"]); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(test.wantAgent, header["User-Agent"]); diff != "" {
				t.Error(diff)
			}
			if forwarded := b.fake.Requests("/users")[0].Header["X-Forwarded-For"]; forwarded != nil {
				t.Errorf("the service's own request says X-Forwarded-For: %v", forwarded)
			}
		})
	}
}

func TestPairShowsNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.addAda()
	got := b.signIn(t)
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		for _, text := range []string{fmt.Sprintf(format, got), fmt.Sprintf(format, got.Pair)} {
			if strings.Contains(text, "eyJ") || !strings.Contains(text, "[redacted]") {
				t.Errorf("%s shows %s", format, text)
			}
		}
	}
}

func TestRequestsAreBounded(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *directus.Config) { c.MaxConcurrent = 3 }) // two of them for logins
	b.addAda()
	arrived, hold := make(chan struct{}, 8), make(chan struct{})
	b.fake.Inject(directustest.Fault{Path: "/auth/login", Arrived: arrived, Hold: hold})
	results := make(chan error, 3)
	signIn := func(ctx context.Context) {
		_, err := b.client.Authenticate(ctx, storage.Credentials{Email: email, Password: password})
		results <- err
	}
	go signIn(t.Context())
	go signIn(t.Context())
	<-arrived
	<-arrived
	signIn(cancelled())
	if err := <-results; !errors.Is(err, context.Canceled) {
		t.Errorf("waiting for a turn ended in %v, want %v", err, context.Canceled)
	}
	close(hold)
	for range 2 {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
	if calls := b.fake.Calls("/auth/login"); calls != 2 {
		t.Errorf("%d logins sent, want 2", calls)
	}
}

// A flood of logins, each of which takes Directus half a second, must not starve
// what sessions need of Directus.
func TestLoginsLeaveRoomForLookUps(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *directus.Config) { c.MaxConcurrent, c.LoginWait = 4, time.Millisecond })
	id := b.addAda()
	arrived, hold := make(chan struct{}, 8), make(chan struct{})
	b.fake.Inject(directustest.Fault{Path: "/auth/login", Arrived: arrived, Hold: hold})
	results := make(chan error, 4)
	signIn := func() {
		_, err := b.client.Authenticate(t.Context(), storage.Credentials{Email: email, Password: password})
		results <- err
	}
	for range 3 {
		go signIn()
		<-arrived
	}
	signIn()
	err := <-results
	unavailable, ok := errors.AsType[*directus.UnavailableError](err)
	if !ok || unavailable.RetryAfter <= 0 || errors.Is(err, storage.ErrUncertain) {
		t.Errorf("a login beyond its share ended in %v, want to be told to come again", err)
	}
	if _, err := b.client.Find(t.Context(), id, 0); err != nil {
		t.Errorf("look-up during the flood: %v", err)
	}
	close(hold)
	for range 3 {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
	if calls := b.fake.Calls("/auth/login"); calls != 3 {
		t.Errorf("%d logins sent, want 3", calls)
	}
}

func TestRequestsTimeOut(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *directus.Config) { c.Timeout = 30 * time.Millisecond })
	id := b.addAda()
	hold := make(chan struct{})
	defer close(hold)
	b.fake.Inject(directustest.Fault{Path: "/users", Hold: hold})
	if _, err := b.client.Find(t.Context(), id, 0); !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("error %v, want %v", err, storage.ErrUnavailable)
	}
	if calls := b.fake.Calls("/users"); calls != 1 {
		t.Errorf("%d look-ups sent after a time-out, want 1", calls)
	}
}

func TestBaseURLKeepsItsPath(t *testing.T) {
	t.Parallel()
	var paths []string
	transport := roundTrip(func(r *http.Request) (*http.Response, error) {
		paths = append(paths, r.URL.String())
		return nil, errors.New("no network here")
	})
	b := newBench(t, func(c *directus.Config) {
		c.BaseURL, c.Transport = "https://example.com/directus/", transport
	})
	if err := b.client.Ping(t.Context()); !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("error %v, want %v", err, storage.ErrUnavailable)
	}
	if diff := cmp.Diff([]string{"https://example.com/directus/server/ping"}, paths); diff != "" {
		t.Error(diff)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*directus.Config){
		"no service token":   func(c *directus.Config) { c.ServiceToken = "" },
		"no clock":           func(c *directus.Config) { c.Now = nil },
		"no randomness":      func(c *directus.Config) { c.Random = nil },
		"no base URL":        func(c *directus.Config) { c.BaseURL = "" },
		"another scheme":     func(c *directus.Config) { c.BaseURL = "ftp://example.com" },
		"user in the URL":    func(c *directus.Config) { c.BaseURL = "https://me:secret@example.com" },
		"query in the URL":   func(c *directus.Config) { c.BaseURL = "https://example.com?x=1" },
		"negative time":      func(c *directus.Config) { c.Timeout = -1 },
		"negative bound":     func(c *directus.Config) { c.MaxConcurrent = -1 },
		"negative wait":      func(c *directus.Config) { c.LoginWait = -1 },
		"every column":       func(c *directus.Config) { c.Fields = []string{"*"} },
		"a filter as column": func(c *directus.Config) { c.Fields = []string{"a,b"} },
		"password as claim":  func(c *directus.Config) { c.Fields = []string{"password"} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := directus.Config{BaseURL: "https://example.com", ServiceToken: "x", Now: time.Now, Random: strings.NewReader("")}
			change(&config)
			_, err := directus.New(config)
			if err == nil {
				t.Fatal("accepted")
			}
			if strings.Contains(err.Error(), "secret@") {
				t.Errorf("error shows the password: %v", err)
			}
		})
	}
}
