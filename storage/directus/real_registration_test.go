package directus_test

import (
	"strings"
	"testing"

	"gatehouse/storage"
	"gatehouse/storage/directus"
)

func realRegistrationClosed(t *testing.T, d *post) {
	client := d.client(t)
	registration := newcomer()
	wantError(t, "closed", client.Register(t.Context(), registration), storage.ErrRegistrationClosed, password)
	registration.VerificationURL = ""
	wantError(t, "closed, no page", client.Register(t.Context(), registration), storage.ErrRegistrationClosed, password)
	if project, err := client.Project(t.Context()); err != nil || project.Registration {
		t.Errorf("registration %v, error %v", project.Registration, err)
	}
}

func realRegistration(t *testing.T, d *post) {
	if strings.HasPrefix(d.Version, "10.8.") {
		t.Skip("Directus " + d.Version + " has no public registration")
	}
	d.settings(t, map[string]any{
		"public_registration": true, "public_registration_verify_email": true, "public_registration_role": d.role,
		"public_registration_email_filter": map[string]any{"_and": []any{map[string]any{"email": map[string]any{"_ends_with": "@example.com"}}}},
	})
	client := d.client(t)
	if project, err := client.Project(t.Context()); err != nil || !project.Registration || !project.VerifiesEmail {
		t.Errorf("registration %v, verifies %v, error %v", project.Registration, project.VerifiesEmail, err)
	}
	registration := newcomer()
	registration.Email = someone()
	if err := client.Register(t.Context(), registration); err != nil {
		t.Fatal(err)
	}
	row := d.row(t, registration.Email)
	if row["status"] != "unverified" || row["role"] != d.role || row["first_name"] != "Ada" || row["last_name"] != "Lovelace" {
		t.Errorf("registered %v", row)
	}
	first := d.mailToken(t, registration.Email, verifyPage+"?request=r&token=")
	again := registration
	again.Password = "another password"
	if err := client.Register(t.Context(), again); err != nil {
		t.Errorf("once more: %v", err)
	}
	second := d.mailToken(t, registration.Email, verifyPage+"?request=r&token=")

	verify := func(token storage.Secret) (storage.Account, error) {
		return client.VerifyEmail(t.Context(), token, caller)
	}
	_, err := verify(damaged(first))
	wantError(t, "damaged", err, storage.ErrLinkInvalid, first)
	_, err = verify(d.expired(t, map[string]any{"email": registration.Email, "scope": "pending-registration"}))
	wantError(t, "expired", err, storage.ErrLinkExpired)
	account, err := verify(first)
	if err != nil || account.ID != row["id"] || account.Email != registration.Email || !account.Active {
		t.Fatalf("verified %+v, %v", account, err)
	}
	for name, token := range map[string]storage.Secret{"used": first, "the other mail": second} {
		_, err := verify(token)
		wantError(t, name, err, storage.ErrLinkUsed, token)
	}
	signed, err := client.Authenticate(t.Context(), storage.Credentials{Email: registration.Email, Password: registration.Password})
	if err != nil || signed.Account.ID != account.ID {
		t.Errorf("sign-in with the first password: %v", err)
	}
	if err := client.Register(t.Context(), registration); err != nil {
		t.Errorf("known address: %v", err)
	}
	realRegistrationRefusals(t, d, client)
}

func realRegistrationRefusals(t *testing.T, d *post, client *directus.Client) {
	t.Helper()
	d.wantDigits(t)
	for name, test := range map[string]struct {
		change func(*storage.Registration)
		want   error
	}{
		"policy":       {func(r *storage.Registration) { r.Password = "correct horse" }, storage.ErrPasswordPolicy},
		"foreign page": {func(r *storage.Registration) { r.VerificationURL = "https://other.example/" }, storage.ErrURLRefused},
		"unroutable":   {func(r *storage.Registration) { r.Email = "ada@printer.local" }, storage.ErrMalformed},
		"no address":   {func(r *storage.Registration) { r.Email = "ada" }, storage.ErrMalformed},
		"filtered out": {func(r *storage.Registration) { r.Email = "ada@example.org" }, storage.ErrRegistrationClosed},
	} {
		registration := newcomer()
		registration.Email, registration.Password = someone(), "correct horse 1"
		test.change(&registration)
		wantError(t, name, client.Register(t.Context(), registration), test.want, registration.Password)
	}
}

func realRegistrationByToken(t *testing.T, d *post) {
	client := d.client(t, func(c *directus.Config) {
		c.WriteToken, c.RegisterByToken, c.RegistrationRole = storage.Secret(d.AdminToken), true, d.role
	})
	registration := newcomer()
	registration.Email = someone()
	if err := client.Register(t.Context(), registration); err != nil {
		t.Fatal(err)
	}
	if row := d.row(t, registration.Email); row["status"] != "active" || row["role"] != d.role || row["first_name"] != "Ada" {
		t.Errorf("created %v", row)
	}
	again := registration
	again.FirstName, again.Email, again.Password = "Eve", strings.ToUpper(registration.Email), "another password"
	if err := client.Register(t.Context(), again); err != nil {
		t.Errorf("known address: %v", err)
	}
	if row := d.row(t, registration.Email); row["first_name"] != "Ada" {
		t.Errorf("changed to %v", row)
	}
	if _, err := client.Authenticate(t.Context(), storage.Credentials{Email: registration.Email, Password: registration.Password}); err != nil {
		t.Errorf("sign-in: %v", err)
	}
	d.wantDigits(t)
	registration.Email, registration.Password = someone(), "correct horse"
	wantError(t, "policy", client.Register(t.Context(), registration), storage.ErrPasswordPolicy, registration.Password)
	registration.Email, registration.Password = "ada@printer.local", "correct horse 1"
	wantError(t, "unroutable", client.Register(t.Context(), registration), storage.ErrMalformed)
	for name, token := range map[string]storage.Secret{"reading token": d.token, "no token": "no such token"} {
		narrow := d.client(t, func(c *directus.Config) {
			c.WriteToken, c.RegisterByToken, c.RegistrationRole = token, true, d.role
		})
		registration.Email = someone()
		wantError(t, name, narrow.Register(t.Context(), registration), directus.ErrWriteToken, token, registration.Password)
	}
}
