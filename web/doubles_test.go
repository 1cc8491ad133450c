package web_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"gatehouse/provider/authorize"
	"gatehouse/provider/event"
	"gatehouse/provider/session"
	"gatehouse/storage"
	"gatehouse/web"
)

// interactions stands in for provider/authorize.
type interactions struct {
	mu      sync.Mutex
	waiting map[string]*authorize.Interaction
	failure error
	signIns []session.SignIn
	denied  int
}

func newInteractions() *interactions {
	return &interactions{waiting: map[string]*authorize.Interaction{}}
}

func (i *interactions) put(interaction *authorize.Interaction) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.waiting[interaction.Handle] = interaction
}

func (i *interactions) Open(r *http.Request) (*authorize.Interaction, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.failure != nil {
		return nil, i.failure
	}
	found, ok := i.waiting[r.URL.Query().Get("request")]
	if !ok {
		return nil, authorize.ErrExpired
	}
	interaction := *found
	return &interaction, nil
}

func (i *interactions) StartAgain(r *http.Request) authorize.StartAgain {
	if r.URL.Query().Get("request") == "" {
		return authorize.StartAgain{}
	}
	return authorize.StartAgain{ClientName: "Shop", URL: "https://shop.example/"}
}

func (i *interactions) SignIn(_ context.Context, w http.ResponseWriter, interaction *authorize.Interaction, signIn session.SignIn) (storage.Session, string, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.signIns = append(i.signIns, signIn)
	http.SetCookie(w, &http.Cookie{Name: "session", Value: signIn.Subject, Path: "/"})
	return storage.Session{ID: "session-" + signIn.Subject, Subject: signIn.Subject}, interaction.ResumeURL, nil
}

func (i *interactions) Select(_ context.Context, _ http.ResponseWriter, interaction *authorize.Interaction, sessionID string) (string, error) {
	return interaction.ResumeURL + "?selected=" + sessionID, nil
}

func (i *interactions) Consent(_ context.Context, interaction *authorize.Interaction, digest string) (string, error) {
	if digest != interaction.ConsentDigest {
		return "", authorize.ErrConsentChanged
	}
	return interaction.ResumeURL, nil
}

func (i *interactions) Deny(w http.ResponseWriter, r *http.Request, interaction *authorize.Interaction) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.denied++
	http.Redirect(w, r, interaction.Request.RedirectURI+"?error=access_denied", http.StatusSeeOther)
}

// accounts stands in for Directus, with its count of attempts.
type accounts struct {
	// shorter is what the access of a sign-in lacks of 15 minutes.
	shorter time.Duration
	mu      sync.Mutex
	now     func() time.Time
	users   map[string]*user
	failure error
	// hangs keeps Find from answering.
	hangs atomic.Bool
	// calls counts what Directus was asked to check.
	calls int
}

type user struct {
	account             storage.Account
	password, otp       string
	attempts, mostTried int
	suspended           bool
	// enforced says that a policy asks for a one-time password.
	enforced bool
}

const directusLimit = 25

func newAccounts(now func() time.Time) *accounts {
	return &accounts{now: now, users: map[string]*user{
		email:               {account: storage.Account{ID: "ada", Email: email, FirstName: "Ada", LastName: "Lovelace", Active: true}, password: password},
		"grace@example.com": {account: storage.Account{ID: "grace", Email: "grace@example.com", Active: true, HasOTP: true}, password: password, otp: code},
		"gone@example.com":  {account: storage.Account{ID: "gone", Email: "gone@example.com"}, password: password, suspended: true},
	}}
}

func (a *accounts) Authenticate(_ context.Context, given storage.Credentials) (web.SignInResult, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.calls++
	if a.failure != nil {
		return web.SignInResult{}, a.failure
	}
	if strings.HasSuffix(given.Email, ".local") {
		return web.SignInResult{}, storage.ErrMalformed
	}
	u, ok := a.users[lower(given.Email)]
	if !ok || u.suspended {
		return web.SignInResult{}, storage.ErrInvalidCredentials
	}
	u.attempts++
	u.mostTried = max(u.mostTried, u.attempts)
	if u.attempts > directusLimit {
		u.suspended = true
	}
	switch {
	case given.Password.Reveal() != u.password || u.suspended:
		return web.SignInResult{}, storage.ErrInvalidCredentials
	case u.otp != "" && given.OTP == "":
		return web.SignInResult{}, storage.ErrOTPRequired
	case u.otp != "" && given.OTP.Reveal() != u.otp:
		return web.SignInResult{}, storage.ErrInvalidOTP
	}
	u.attempts = 0
	return web.SignInResult{
		Account: u.account, OTPUsed: u.otp != "", MustEnrolOTP: u.enforced && u.otp == "",
		Access: storage.DirectusAccess{Subject: u.account.ID, AccessToken: "access of " + u.account.ID, Expires: a.now().Add(15*time.Minute - a.shorter)},
	}, nil
}

// lower makes no "i" of "İ", as Directus does not.
func lower(email string) string {
	return strings.ReplaceAll(strings.ToLower(strings.ReplaceAll(email, "İ", "\x00")), "\x00", "İ")
}

func (a *accounts) Find(ctx context.Context, id string, _ time.Duration) (storage.Account, error) {
	if a.hangs.Load() {
		<-ctx.Done()
		return storage.Account{}, context.Cause(ctx)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.failure != nil {
		return storage.Account{}, a.failure
	}
	for _, u := range a.users {
		if u.account.ID == id {
			return u.account, nil
		}
	}
	return storage.Account{}, storage.ErrNotFound
}

// fail makes every call fail, or none.
func (a *accounts) fail(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.failure = err
}

// asked returns and forgets the number of calls.
func (a *accounts) asked() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	calls := a.calls
	a.calls = 0
	return calls
}

// events remembers what happened.
type events struct {
	mu  sync.Mutex
	all []event.Event
}

func (e *events) Emit(_ context.Context, happened event.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = append(e.all, happened)
}

func (e *events) names() []event.Name {
	e.mu.Lock()
	defer e.mu.Unlock()
	names := make([]event.Name, len(e.all))
	for i, one := range e.all {
		names[i] = one.Name
	}
	return names
}

// clock is a clock that tests turn.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

var errStore = errors.New("store is away")
