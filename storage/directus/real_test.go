package directus_test

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/e2e/stack"
	"gatehouse/storage"
	"gatehouse/storage/directus"
	"gatehouse/storage/directus/directustest"
	"gatehouse/storage/directus/prepare"
)

// versionVariable chooses another Directus than the current one.
const versionVariable = "GATEHOUSE_TEST_DIRECTUS"

// real is a real Directus, prepared as `gatehouse setup` does.
type real struct {
	seats sync.Mutex
	*stack.Directus
	token storage.Secret
}

const (
	resetURL  = "https://id.example.com/reset"
	verifyURL = "https://id.example.com/verify"
)

// TestOnDirectus asks a real Directus what the other tests ask the fake. Every
// subtest has users of its own on one server.
func TestOnDirectus(t *testing.T) {
	t.Parallel()
	environment := startUpstream(t).environment()
	environment["QUERY_LIMIT_MAX"] = strconv.Itoa(queryLimitMax)
	d := &real{Directus: stack.DirectusForTest(t, stack.DirectusOptions{
		Version: os.Getenv(versionVariable), ResetURLs: []string{resetURL}, RegisterURLs: []string{verifyURL},
		Env: environment,
	})}
	report, err := prepare.Prepare(t.Context(), prepare.Options{
		BaseURL: d.URL, AdminEmail: d.AdminEmail, AdminPassword: storage.Secret(d.AdminPassword), Random: rand.Reader,
	})
	if err != nil {
		t.Fatal(err)
	}
	d.token = report.Token
	for name, run := range map[string]func(*testing.T, *real){
		"sign-in":                         signsIn,
		"refusals":                        refusals,
		"one-time password":               oneTimePassword,
		"lock-out answers 200":            lockOut,
		"status is read past caches":      statusIsFresh,
		"columns":                         columns,
		"address and agent are forwarded": forwarded,
		"service token":                   serviceToken,
		"administrator's token":           administratorsToken,
		"invalid token":                   invalidToken,
		"inspection":                      inspection,
		"allow-lists":                     allowLists,
		"32 calls refresh once":           refreshOnce,
		"changes of the user revoke":      changesRevoke,
		"interrupted refresh":             interruptedRefresh,
		"own account without rights":      ownAccountWithoutRights,
		"own account by the own row":      ownAccountByOwnRow,
		"own account by the write token":  ownAccountByWriteToken,
		"enforced one-time password":      enforcedOneTimePassword,
		"enforced by an own policy":       enforcedByOwnPolicy,
		"external sign-in":                externalSignIn,
		"external sign-in of another":     externalOfAnother,
		"password policy":                 passwordPolicy,
		"roles and policies":              accessOfUsers,
		"fields are checked":              fieldsAreChecked,
		"user by address":                 userByAddress,
		"several users at once":           findAll,
		"more users than one answer":      findMany,
		"more clients than one answer":    readManyClients,
		"events name users":               eventsNameUsers,
		"avatars":                         avatarsAreShown,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, d)
		})
	}
}

func (d *real) isTen() bool { return strings.HasPrefix(d.Version, "10.") }

// isCore says that it is a Directus 12, which has no licence here.
func (d *real) isCore() bool { return strings.HasPrefix(d.Version, "12.") }

func (d *real) client(t *testing.T, change ...func(*directus.Config)) *directus.Client {
	t.Helper()
	config := directus.Config{BaseURL: d.URL, ServiceToken: d.token, Now: time.Now, Random: rand.Reader}
	for _, c := range change {
		c(&config)
	}
	return newClient(t, config)
}

// user makes a user whose address comes from the test's name.
func (d *real) user(t *testing.T, fields map[string]any) (id string, credentials storage.Credentials) {
	t.Helper()
	credentials = storage.Credentials{Email: strings.ToLower(rand.Text()) + "@example.com", Password: password}
	id, err := d.CreateUser(t.Context(), stack.NewUser{
		Email: credentials.Email, Password: password, FirstName: "Ada", LastName: "Lovelace", Fields: fields,
	})
	if err != nil {
		t.Fatal(err)
	}
	return id, credentials
}

// seat makes a user with Studio access, one at a time, and takes his role away
// after the test: a Directus without licence has three seats.
func (d *real) seat(t *testing.T, fields map[string]any) (id string, credentials storage.Credentials) {
	t.Helper()
	d.seats.Lock()
	t.Cleanup(d.seats.Unlock)
	id, credentials = d.user(t, fields)
	t.Cleanup(func() {
		if err := d.Call(context.WithoutCancel(t.Context()), http.MethodPatch, "/users/"+id, map[string]any{"role": nil}, nil); err != nil {
			t.Errorf("free a seat: %v", err)
		}
	})
	return id, credentials
}

func (d *real) patch(t *testing.T, path string, change map[string]any) {
	t.Helper()
	if err := d.Call(t.Context(), http.MethodPatch, path, change, nil); err != nil {
		t.Fatal(err)
	}
}

func (d *real) sessionsOf(t *testing.T, id string) string {
	t.Helper()
	count, err := d.Postgres.Query(t.Context(), "directus", `SELECT count(*) FROM directus_sessions WHERE "user" = '`+id+`'`)
	if err != nil {
		t.Fatal(err)
	}
	return count
}

func signsIn(t *testing.T, d *real) {
	client := d.client(t)
	id, credentials := d.user(t, nil)
	credentials.Email = strings.ToUpper(credentials.Email[:3]) + credentials.Email[3:]
	credentials.OTP = "123456" // ignored by Directus, and not to be believed
	got, err := client.Authenticate(t.Context(), credentials)
	if err != nil {
		t.Fatal(err)
	}
	if got.Account.ID != id || !got.Account.Active || got.Account.FirstName != "Ada" || got.Account.LastName != "Lovelace" {
		t.Errorf("%+v", got.Account)
	}
	if got.OTPVerified || got.AdminAccess || got.EnforceTFA {
		t.Errorf("%+v", got)
	}
	if d.sessionsOf(t, id) != "1" {
		t.Errorf("%s sessions, want 1", d.sessionsOf(t, id))
	}
	if err := client.Logout(t.Context(), got.Pair); err != nil {
		t.Fatal(err)
	}
	if d.sessionsOf(t, id) != "0" {
		t.Errorf("%s sessions after Logout, want 0", d.sessionsOf(t, id))
	}
	admin, err := client.Authenticate(t.Context(), storage.Credentials{Email: d.AdminEmail, Password: storage.Secret(d.AdminPassword)})
	if err != nil || !admin.AdminAccess {
		t.Errorf("administrator: AdminAccess %v, error %v", admin.AdminAccess, err)
	}
}

func refusals(t *testing.T, d *real) {
	client := d.client(t)
	refused := func(name string, credentials storage.Credentials, want error) {
		t.Helper()
		if _, err := client.Authenticate(t.Context(), credentials); !errors.Is(err, want) {
			t.Errorf("%s: error %v, want %v", name, err, want)
		}
	}
	_, credentials := d.user(t, nil)
	credentials.Password = "wrong"
	refused("wrong password", credentials, storage.ErrInvalidCredentials)
	for _, status := range []string{"suspended", "draft", "invited", "archived", "unverified", "whatever"} {
		_, credentials := d.user(t, map[string]any{"status": status})
		refused(status, credentials, storage.ErrInvalidCredentials)
	}
	_, credentials = d.user(t, map[string]any{"password": nil})
	refused("no password", credentials, storage.ErrInvalidCredentials)
	refused("unknown", storage.Credentials{Email: "nobody@example.com", Password: "x"}, storage.ErrInvalidCredentials)
	refused("e-mail", storage.Credentials{Email: "ada@printer.local", Password: "x"}, storage.ErrMalformed)
	refused("no e-mail", storage.Credentials{Email: "ada", Password: "x"}, storage.ErrMalformed)
}

func oneTimePassword(t *testing.T, d *real) {
	client := d.client(t)
	// Administrators may set up their own; others may not without a licence.
	role := d.administratorRole(t)
	id, credentials := d.seat(t, map[string]any{"role": role})
	secret := d.enableOTP(t, credentials)
	if _, err := client.Authenticate(t.Context(), credentials); !errors.Is(err, storage.ErrOTPRequired) {
		t.Errorf("without: error %v, want %v", err, storage.ErrOTPRequired)
	}
	credentials.OTP = "000000"
	if _, err := client.Authenticate(t.Context(), credentials); !errors.Is(err, storage.ErrInvalidOTP) {
		t.Errorf("wrong: error %v, want %v", err, storage.ErrInvalidOTP)
	}
	// The step may end between making and checking the code: once is enough.
	var got directus.Authentication
	var err error
	for range 2 {
		credentials.OTP = storage.Secret(directustest.OTP(secret, time.Now()))
		if got, err = client.Authenticate(t.Context(), credentials); err == nil {
			break
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	if got.Account.ID != id || !got.OTPVerified || !got.AdminAccess {
		t.Errorf("%+v", got)
	}
}

func (d *real) administratorRole(t *testing.T) string {
	t.Helper()
	var roles []struct{ ID string }
	if err := d.Call(t.Context(), http.MethodGet, "/roles?filter[name][_eq]=Administrator&fields=id", nil, &roles); err != nil {
		t.Fatal(err)
	}
	return roles[0].ID
}

// enableOTP does as the user does in the Studio.
func (d *real) enableOTP(t *testing.T, credentials storage.Credentials) (secret string) {
	t.Helper()
	access, err := d.Login(t.Context(), credentials.Email, credentials.Password.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	var generated struct{ Secret string }
	err = d.as(access).Call(t.Context(), http.MethodPost, "/users/me/tfa/generate", map[string]any{"password": credentials.Password.Reveal()}, &generated)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		otp := directustest.OTP(generated.Secret, time.Now())
		err = d.as(access).Call(t.Context(), http.MethodPost, "/users/me/tfa/enable", map[string]any{"secret": generated.Secret, "otp": otp}, nil)
		if err == nil {
			return generated.Secret
		}
	}
	t.Fatal(err)
	return ""
}

// as is the same server, called by another user.
func (d *real) as(access string) *stack.Directus {
	return &stack.Directus{URL: d.URL, AdminToken: access}
}

// The attempt after the last one suspends the user, and is answered 200 if its
// password is right.
func lockOut(t *testing.T, d *real) {
	client := d.client(t)
	id, credentials := d.user(t, nil)
	wrong := credentials
	wrong.Password = "wrong"
	for attempt := range 25 {
		if _, err := client.Authenticate(t.Context(), wrong); !errors.Is(err, storage.ErrInvalidCredentials) {
			t.Fatalf("attempt %d: %v", attempt+1, err)
		}
	}
	if account, err := client.Find(t.Context(), id, time.Hour); err != nil || !account.Active {
		t.Fatalf("after 25 attempts: active %v, error %v", account.Active, err)
	}
	if _, err := client.Authenticate(t.Context(), credentials); !errors.Is(err, storage.ErrInvalidCredentials) {
		t.Errorf("right password at attempt 26: error %v, want %v", err, storage.ErrInvalidCredentials)
	}
	if account, err := client.Find(t.Context(), id, time.Hour); err != nil || account.Active {
		t.Errorf("after attempt 26: active %v, error %v", account.Active, err)
	}
	if d.sessionsOf(t, id) != "0" {
		t.Errorf("%s Directus sessions left", d.sessionsOf(t, id))
	}
}

func statusIsFresh(t *testing.T, d *real) {
	client := d.client(t)
	id, _ := d.user(t, nil)
	for _, status := range []string{"active", "suspended", "active", "archived"} {
		d.patch(t, "/users/"+id, map[string]any{"status": status})
		account, err := client.Find(t.Context(), id, 0)
		if err != nil || account.Active != (status == "active") {
			t.Errorf("%s: active %v, error %v", status, account.Active, err)
		}
	}
	if err := d.Call(t.Context(), http.MethodDelete, "/users/"+id, nil, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Find(t.Context(), id, 0); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("deleted: error %v, want %v", err, storage.ErrNotFound)
	}
	if _, err := client.Find(t.Context(), "not an id", 0); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("no id: error %v, want %v", err, storage.ErrNotFound)
	}
}

func columns(t *testing.T, d *real) {
	role := d.administratorRole(t)
	id, _ := d.user(t, map[string]any{"title": "Countess", "tags": []string{"a"}, "role": role})
	client := d.client(t, func(c *directus.Config) {
		c.Fields = []string{"title", "tags", "avatar", "role", "role.name", "language"}
	})
	account, err := client.Find(t.Context(), id, 0)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"title": "Countess", "tags": []any{"a"}, "avatar": nil, "role": role, "role.name": "Administrator", "language": nil,
	}
	if diff := cmp.Diff(want, account.Fields); diff != "" {
		t.Error(diff)
	}
	missing := d.client(t, func(c *directus.Config) { c.Fields = []string{"title", "loyalty_card"} })
	if diff := cmp.Diff([]string{"loyalty_card"}, missing.Inspect(t.Context()).MissingColumns); diff != "" {
		t.Error(diff)
	}
}

func forwarded(t *testing.T, d *real) {
	id, credentials := d.user(t, nil)
	credentials.ClientAddress, credentials.UserAgent = "203.0.113.9", "Browser/1"
	client := d.client(t, func(c *directus.Config) { c.ForwardClientAddress = true })
	if _, err := client.Authenticate(t.Context(), credentials); err != nil {
		t.Fatal(err)
	}
	seen, err := d.Postgres.Query(t.Context(), "directus", `SELECT ip, user_agent FROM directus_sessions WHERE "user" = '`+id+`'`)
	if err != nil {
		t.Fatal(err)
	}
	if seen != "203.0.113.9|Browser/1" {
		t.Errorf("Directus saw %q", seen)
	}
}
