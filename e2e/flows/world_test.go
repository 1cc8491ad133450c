package flows

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/e2e/mailbox"
	"gatehouse/e2e/stack"
	"gatehouse/provider/providertest"
	"gatehouse/storage/directus/directustest"
)

// world is one real Directus, and a provider for each test.
type world struct {
	directus *stack.Directus
	mailbox  *mailbox.Mailbox
	users    atomic.Int64
}

func newWorld(t *testing.T) *world {
	t.Helper()
	box, err := mailbox.Start(t.Context(), mailbox.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(box.Stop)
	w := &world{mailbox: box, directus: stack.DirectusForTest(t, stack.DirectusOptions{SMTP: box.SMTPAddr})}
	return w
}

// provider starts one that may read in Directus what it needs with these options
// and nothing else, and what another before it needed no more.
func (w *world) provider(t *testing.T, options ...func(*providertest.Options)) *providertest.Server {
	t.Helper()
	all := providertest.Options{Directus: providertest.RealDirectus{URL: w.directus.URL, Prepare: w.directus.Prepare}}
	for _, option := range options {
		option(&all)
	}
	return providertest.New(t, all)
}

// create adds a row of whatever kind as the administrator, and returns its id.
func (w *world) create(t *testing.T, path string, row map[string]any) (id any) {
	t.Helper()
	var created struct{ ID any }
	if err := w.directus.Call(t.Context(), http.MethodPost, path, row, &created); err != nil {
		t.Fatal(err)
	}
	return created.ID
}

// asService is the status that the service user of Gatehouse gets.
func (w *world) asService(t *testing.T, path string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.directus.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+w.directus.ServiceToken().Reveal())
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	return response.StatusCode
}

// user creates somebody with providertest's password.
func (w *world) user(t *testing.T) (id, email string) {
	t.Helper()
	email = fmt.Sprintf("ada%d@example.com", w.users.Add(1))
	id, err := w.directus.CreateUser(t.Context(), stack.NewUser{
		Email: email, Password: providertest.Password, FirstName: "Ada", LastName: "Lovelace",
	})
	if err != nil {
		t.Fatal(err)
	}
	return id, email
}

func (w *world) change(t *testing.T, id string, row map[string]any) {
	t.Helper()
	if err := w.directus.Call(t.Context(), http.MethodPatch, "/users/"+id, row, nil); err != nil {
		t.Fatal(err)
	}
}

func (w *world) status(t *testing.T, id string) string {
	t.Helper()
	var row struct{ Status string }
	if err := w.directus.Call(t.Context(), http.MethodGet, "/users/"+id+"?fields=status", nil, &row); err != nil {
		t.Fatal(err)
	}
	return row.Status
}

// enableOTP switches one-time passwords on as the user would. Without a licence
// only administrators may, so the user is one meanwhile.
func (w *world) enableOTP(t *testing.T, id, email string) (secret string) {
	t.Helper()
	var me struct {
		Role string
	}
	if err := w.directus.Call(t.Context(), http.MethodGet, "/users/me?fields=role", nil, &me); err != nil {
		t.Fatal(err)
	}
	w.change(t, id, map[string]any{"role": me.Role})
	access, err := w.directus.Login(t.Context(), email, providertest.Password)
	if err != nil {
		t.Fatal(err)
	}
	self := &stack.Directus{URL: w.directus.URL, AdminToken: access}
	var generated struct{ Secret string }
	err = self.Call(t.Context(), http.MethodPost, "/users/me/tfa/generate", map[string]any{"password": providertest.Password}, &generated)
	if err != nil {
		t.Fatal(err)
	}
	// The step may end between making and checking the code.
	for range 2 {
		code := directustest.OTP(generated.Secret, time.Now())
		if err = self.Call(t.Context(), http.MethodPost, "/users/me/tfa/enable", map[string]any{"secret": generated.Secret, "otp": code}, nil); err == nil {
			break
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	w.change(t, id, map[string]any{"role": nil})
	return generated.Secret
}
