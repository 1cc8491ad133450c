package web_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"gatehouse/storage"
	"gatehouse/web"
)

// usedBy is a token that somebody used before.
type usedBy storage.Account

// post stands in for what Directus does about mails.
type post struct {
	mu      sync.Mutex
	clock   *clock
	project storage.Project
	// failure is that of every call but Project, which has its own.
	failure, projectFailure error
	// refused is the one password that the project's policy refuses.
	refused string
	// known are the addresses that have an account, whatever its status.
	known []string
	// links are what tokens are good for, or the error they lead to.
	links map[string]any
	// takes is how long Directus takes over an address.
	takes map[string]time.Duration
	// calls are the names of the methods that were called.
	calls         []string
	registrations []storage.Registration
	resets        []storage.ResetRequest
	passwords     []string
	// waits are how long answers were held back.
	waits []time.Duration
}

func (p *post) called(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls = append(p.calls, name)
}

// forget returns and forgets the calls.
func (p *post) forget() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	calls := p.calls
	p.calls = nil
	return calls
}

func (p *post) Register(ctx context.Context, registration storage.Registration) error {
	p.called("register")
	p.clock.Advance(p.takes[registration.Email])
	if p.failure != nil {
		return p.failure
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !slices.Contains(p.known, registration.Email) && registration.Password.Reveal() == p.refused {
		return storage.ErrPasswordPolicy
	}
	p.registrations = append(p.registrations, registration)
	return ctx.Err()
}

func (p *post) RequestReset(ctx context.Context, request storage.ResetRequest) error {
	p.called("request reset")
	p.clock.Advance(p.takes[request.Email])
	if p.failure != nil {
		return p.failure
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.resets = append(p.resets, request)
	return ctx.Err()
}

func (p *post) VerifyEmail(_ context.Context, token storage.Secret, _ storage.Caller) (storage.Account, error) {
	p.called("verify")
	return p.spend(token)
}

func (p *post) ResetPassword(_ context.Context, token, password storage.Secret, _ storage.Caller) (storage.Account, error) {
	p.called("reset")
	return p.set(token, password)
}

func (p *post) AcceptInvitation(_ context.Context, token, password storage.Secret, _ storage.Caller) (storage.Account, error) {
	p.called("accept")
	return p.set(token, password)
}

func (p *post) set(token, password storage.Secret) (storage.Account, error) {
	if password.Reveal() == p.refused {
		return storage.Account{}, storage.ErrPasswordPolicy
	}
	account, err := p.spend(token)
	if err == nil {
		p.passwords = append(p.passwords, password.Reveal())
	}
	return account, err
}

func (p *post) spend(token storage.Secret) (storage.Account, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.failure != nil {
		return storage.Account{}, p.failure
	}
	switch found := p.links[token.Reveal()].(type) {
	case storage.Account:
		p.links[token.Reveal()] = usedBy(found)
		return found, nil
	case usedBy:
		return storage.Account(found), storage.ErrLinkUsed
	case error:
		return storage.Account{}, found
	}
	return storage.Account{}, storage.ErrLinkInvalid
}

func (p *post) Project(context.Context) (storage.Project, error) { return p.project, p.projectFailure }

func (p *post) Asset(context.Context, string) (storage.Picture, error) {
	return storage.Picture{}, storage.ErrNotFound
}

// hold is the wait of web.Pace: it turns the clock.
func (p *post) hold(_ context.Context, d time.Duration) error {
	p.waits = append(p.waits, d)
	p.clock.Advance(d)
	return nil
}

// goodToken is of the form that Directus's have. Its middle is
// {"email":"ada@example.com"}.
const goodToken = "eyJhbGciOiJIUzI1NiJ9.eyJlbWFpbCI6ImFkYUBleGFtcGxlLmNvbSJ9.c2lnbmF0dXJl"

// newPostHouse is a house where people may register, verify their address and
// reset their password.
func newPostHouse(t testing.TB, options ...func(*web.Config)) (*house, *post) {
	t.Helper()
	p := &post{
		project: storage.Project{Name: "Acme", Registration: true, VerifiesEmail: true}, refused: "refused by Directus",
		known: []string{email}, takes: map[string]time.Duration{},
		links: map[string]any{
			goodToken: storage.Account{ID: "ada", Email: email, Active: true},
			"expired": storage.ErrLinkExpired, "used": storage.ErrLinkUsed, "away": storage.ErrUnavailable, "odd": errors.New("odd"),
		},
	}
	h := newHouse(t, append([]func(*web.Config){func(c *web.Config) {
		c.Registrar, c.Passwords, c.Brand = p, p, p
		c.Pace = web.Pace{Wait: p.hold}
	}}, options...)...)
	p.clock = h.clock
	return h, p
}
