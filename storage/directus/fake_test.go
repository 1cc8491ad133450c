package directus_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"log/slog"
	"sync"
	"testing"
	"time"

	"gatehouse/storage"
	"gatehouse/storage/directus"
	"gatehouse/storage/directus/directustest"
)

const (
	email    = "ada@example.com"
	password = "correct horse battery staple"
	otpSeed  = "JBSWY3DPEHPK3PXP"
)

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

// bench is a fake Directus and a client for it, living by one clock.
type bench struct {
	fake   *directustest.Server
	client *directus.Client
	clock  *clock
	log    *safeBuffer
}

func newBench(t *testing.T, options ...func(*directus.Config)) *bench {
	t.Helper()
	b := &bench{fake: directustest.New(t), clock: newClock(), log: &safeBuffer{}}
	b.fake.SetClock(b.clock.Now)
	config := directus.Config{
		BaseURL:      b.fake.URL,
		ServiceToken: b.fake.ServiceToken,
		Now:          b.clock.Now,
		Random:       rand.Reader,
		Logger:       slog.New(slog.NewTextHandler(b.log, nil)),
	}
	for _, option := range options {
		option(&config)
	}
	b.client = newClient(t, config)
	return b
}

func newClient(t *testing.T, config directus.Config) *directus.Client {
	t.Helper()
	client, err := directus.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func (b *bench) addAda(change ...func(*directustest.User)) (id string) {
	user := directustest.User{Email: email, Password: password, FirstName: "Ada", LastName: "Lovelace"}
	for _, c := range change {
		c(&user)
	}
	return b.fake.AddUser(user)
}

func (b *bench) signIn(t *testing.T) directus.Authentication {
	t.Helper()
	authentication, err := b.client.Authenticate(t.Context(), storage.Credentials{Email: email, Password: password})
	if err != nil {
		t.Fatal(err)
	}
	return authentication
}

// safeBuffer is a buffer that several goroutines may log to.
type safeBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}

func cancelled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}
