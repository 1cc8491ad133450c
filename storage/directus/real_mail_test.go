package directus_test

import (
	"context"
	"crypto/rand"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"gatehouse/e2e/mailbox"
	"gatehouse/e2e/stack"
	"gatehouse/storage"
	"gatehouse/storage/directus/prepare"
)

// The secret that Directus signs mails' tokens with, so that tests can make
// expired ones.
const directusSecret = "a secret of Directus that signs the tokens of mails" //nolint:gosec // of a server on loopback

// post is a real Directus whose mails come to a mailbox.
type post struct {
	*real
	box  *mailbox.Mailbox
	role string
}

// TestMailsOnDirectus asks a real Directus what the other tests ask the fake
// about mails, registration and the project. The settings are of the whole
// server, so the subtests run one after another.
//
//nolint:tparallel // see above
func TestMailsOnDirectus(t *testing.T) {
	t.Parallel()
	box := stack.MailboxForTest(t)
	d := &post{box: box, real: &real{Directus: stack.DirectusForTest(t, stack.DirectusOptions{
		Version: os.Getenv(versionVariable), SMTP: box.SMTPAddr,
		ResetURLs: []string{resetPage}, RegisterURLs: []string{verifyPage}, InviteURLs: []string{"https://id.example.com/accept-invite"},
		Env: map[string]string{"SECRET": directusSecret},
	})}}
	report, err := prepare.Prepare(t.Context(), prepare.Options{
		BaseURL: d.URL, AdminEmail: d.AdminEmail, AdminPassword: storage.Secret(d.AdminPassword), Random: rand.Reader,
	})
	if err != nil {
		t.Fatal(err)
	}
	d.token = report.Token
	d.role = d.customerRole(t)
	for _, test := range []struct {
		name string
		run  func(*testing.T, *post)
	}{
		{"registration is closed", realRegistrationClosed},
		{"registration", realRegistration},
		{"registration by token", realRegistrationByToken},
		{"reset", realReset},
		{"reset mails tell nothing", realResetTellsNothing},
		{"invitation", realInvitation},
		{"project", realProject},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, d) })
	}
}

func (d *post) customerRole(t *testing.T) string {
	t.Helper()
	var roles []struct{ ID string }
	if err := d.Call(t.Context(), http.MethodGet, "/roles?filter[name][_eq]="+prepare.DefaultCustomerRole+"&fields=id", nil, &roles); err != nil {
		t.Fatal(err)
	}
	if len(roles) != 1 {
		t.Fatalf("%d roles named %s", len(roles), prepare.DefaultCustomerRole)
	}
	return roles[0].ID
}

// settings changes the project's settings.
func (d *post) settings(t *testing.T, change map[string]any) {
	t.Helper()
	d.patch(t, "/settings", change)
}

// wantDigits makes the project refuse passwords without a digit until the
// subtest ends.
func (d *post) wantDigits(t *testing.T) {
	t.Helper()
	d.settings(t, map[string]any{"auth_password_policy": `/^(?=.*\d).{8,}$/`})
	t.Cleanup(func() {
		if err := d.Call(context.WithoutCancel(t.Context()), http.MethodPatch, "/settings", map[string]any{"auth_password_policy": nil}, nil); err != nil {
			t.Error(err)
		}
	})
}

// mailToken waits for the mail to an address and returns the token of the link to
// a page.
func (d *post) mailToken(t *testing.T, to, page string) storage.Secret {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var found string
	_, err := d.box.Wait(ctx, func(message mailbox.Message) bool {
		for _, link := range message.Links() {
			if message.IsTo(to) && strings.HasPrefix(link, page) {
				address, err := url.Parse(link)
				if err != nil {
					continue
				}
				found = address.Query().Get("token")
			}
		}
		return found != ""
	})
	if err != nil {
		t.Fatal(err)
	}
	d.box.Clear()
	return storage.Secret(found)
}

// expired makes a token as Directus does, that ended an hour ago.
func (d *post) expired(t *testing.T, claims map[string]any) storage.Secret {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: []byte(directusSecret)}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]any{"iss": "directus", "iat": time.Now().Add(-25 * time.Hour).Unix(), "exp": time.Now().Add(-time.Hour).Unix()}
	maps.Copy(all, claims)
	token, err := jwt.Signed(signer).Claims(all).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return storage.Secret(token)
}

func damaged(token storage.Secret) storage.Secret {
	end := strings.LastIndex(token.Reveal(), ".") + 1
	return token[:end] + storage.Secret(strings.Repeat("A", len(token)-end))
}

func (d *post) row(t *testing.T, address string) map[string]any {
	t.Helper()
	var rows []map[string]any
	if err := d.Call(t.Context(), http.MethodGet, "/users?fields=id,email,status,role,first_name,last_name&filter[email][_eq]="+url.QueryEscape(address), nil, &rows); err != nil {
		t.Fatal(err)
	}
	if len(rows) != 1 {
		t.Fatalf("%d users have the address %s", len(rows), address)
	}
	return rows[0]
}

func someone() string { return strings.ToLower(rand.Text()) + "@example.com" }

// wantError fails if an error is another, or shows one of the secrets.
func wantError(t *testing.T, name string, err, want error, secrets ...storage.Secret) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: error %v, want %v", name, err, want)
	}
	for _, secret := range secrets {
		if err != nil && secret != "" && strings.Contains(err.Error(), secret.Reveal()) {
			t.Errorf("%s: error shows a secret: %v", name, err)
		}
	}
}

func realReset(t *testing.T, d *post) {
	client := d.client(t)
	id, credentials := d.user(t, nil)
	if _, err := client.Authenticate(t.Context(), credentials); err != nil {
		t.Fatal(err)
	}
	ask := func(address string) storage.Secret {
		t.Helper()
		err := client.RequestReset(t.Context(), storage.ResetRequest{Email: address, URL: resetPage + "?request=r", Caller: caller})
		if err != nil {
			t.Fatal(err)
		}
		return d.mailToken(t, credentials.Email, resetPage+"?request=r&token=")
	}
	reset := func(token, password storage.Secret) (storage.Account, error) {
		return client.ResetPassword(t.Context(), token, password, caller)
	}
	token := ask(strings.ToUpper(credentials.Email))
	_, err := reset(damaged(token), newPassword)
	wantError(t, "damaged", err, storage.ErrLinkInvalid, token, newPassword)
	_, err = reset(d.expired(t, map[string]any{"email": credentials.Email, "scope": "password-reset", "hash": "x"}), newPassword)
	wantError(t, "expired", err, storage.ErrLinkExpired, newPassword)

	d.wantDigits(t)
	_, err = reset(token, "correct horse")
	wantError(t, "policy", err, storage.ErrPasswordPolicy, token, "correct horse")
	account, err := reset(token, "correct horse 1")
	if err != nil || account.ID != id || !account.Active || !strings.EqualFold(account.Email, credentials.Email) {
		t.Fatalf("reset %+v, %v", account, err)
	}
	if !d.isTen() && d.sessionsOf(t, id) != "0" {
		t.Errorf("%s Directus sessions left", d.sessionsOf(t, id))
	}
	_, err = reset(token, "correct horse 2")
	wantError(t, "used", err, storage.ErrLinkUsed, token)
	credentials.Password = "correct horse 1"
	if _, err := client.Authenticate(t.Context(), credentials); err != nil {
		t.Errorf("sign-in with the new password: %v", err)
	}

	token = ask(credentials.Email)
	d.patch(t, "/users/"+id, map[string]any{"status": "suspended"})
	_, err = reset(token, "correct horse 3")
	wantError(t, "suspended", err, storage.ErrLinkUsed, token)
}

func realResetTellsNothing(t *testing.T, d *post) {
	client := d.client(t)
	_, known := d.user(t, nil)
	_, suspended := d.user(t, map[string]any{"status": "suspended"})
	for _, address := range []string{known.Email, suspended.Email, "nobody@example.com", "no address"} {
		if err := client.RequestReset(t.Context(), storage.ResetRequest{Email: address, URL: resetPage}); err != nil {
			t.Errorf("%s: %v", address, err)
		}
		err := client.RequestReset(t.Context(), storage.ResetRequest{Email: address, URL: "https://other.example/"})
		if d.isTen() { // which would say so of one of them only
			wantError(t, address+", foreign page", err, nil)
		} else {
			wantError(t, address+", foreign page", err, storage.ErrURLRefused)
		}
	}
	d.mailToken(t, known.Email, resetPage)

	// The sign for kelvin is a small "k" to Directus.
	kate := "k" + someone()
	if _, err := d.CreateUser(t.Context(), stack.NewUser{Email: kate, Password: password}); err != nil {
		t.Fatal(err)
	}
	if err := client.RequestReset(t.Context(), storage.ResetRequest{Email: "\u212A" + kate[1:], URL: resetPage}); err != nil {
		t.Fatal(err)
	}
	d.mailToken(t, kate, resetPage)
}

func realInvitation(t *testing.T, d *post) {
	const page = "https://id.example.com/accept-invite"
	client := d.client(t)
	address := someone()
	invite := map[string]any{"email": address, "role": d.role, "invite_url": page}
	if err := d.Call(t.Context(), http.MethodPost, "/users/invite", invite, nil); err != nil {
		t.Fatal(err)
	}
	token := d.mailToken(t, address, page+"?token=")
	accept := func(token, password storage.Secret) (storage.Account, error) {
		return client.AcceptInvitation(t.Context(), token, password, caller)
	}
	_, err := accept(damaged(token), newPassword)
	wantError(t, "damaged", err, storage.ErrLinkInvalid, token, newPassword)
	_, err = accept(d.expired(t, map[string]any{"email": address, "scope": "invite"}), newPassword)
	wantError(t, "expired", err, storage.ErrLinkExpired)
	d.wantDigits(t)
	_, err = accept(token, "correct horse")
	wantError(t, "policy", err, storage.ErrPasswordPolicy, token, "correct horse")
	account, err := accept(token, "correct horse 1")
	if err != nil || account.ID != d.row(t, address)["id"] || account.Email != address || !account.Active {
		t.Fatalf("accepted %+v, %v", account, err)
	}
	_, err = accept(token, "correct horse 2")
	wantError(t, "used", err, storage.ErrLinkUsed, token)
	_, err = accept(token, "correct horse")
	wantError(t, "used, against the policy", err, storage.ErrLinkUsed, token)
	if _, err := client.Authenticate(t.Context(), storage.Credentials{Email: address, Password: "correct horse 1"}); err != nil {
		t.Errorf("sign-in: %v", err)
	}
}
