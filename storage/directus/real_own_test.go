package directus_test

import (
	"crypto/rand"
	"errors"
	"maps"
	"net/http"
	"testing"
	"time"

	"gatehouse/storage"
	"gatehouse/storage/directus"
	"gatehouse/storage/directus/directustest"
)

// ownRow lets people change columns of their own row, and store pictures. Directus
// 12 without a licence takes no rules for rows but those that it recommends for
// the Studio, to the letter: for anybody, with access to the Studio or without.
func (d *real) ownRow() []map[string]any {
	columns := []string{
		"first_name", "last_name", "email", "password", "location", "title", "description", "avatar", "language", "appearance",
		"theme_light", "theme_dark", "theme_light_overrides", "theme_dark_overrides", "tfa_secret",
	}
	if !d.isCore() {
		columns = []string{"first_name", "last_name", "password", "avatar", "language", "appearance", "tfa_secret"}
	}
	return []map[string]any{
		{
			"collection": "directus_users", "action": "update", "fields": columns,
			"permissions": map[string]any{"id": map[string]any{"_eq": "$CURRENT_USER"}},
		},
		{"collection": "directus_files", "action": "create", "fields": []string{"*"}},
	}
}

// writing is what the write token needs, without rules as Directus 12 asks for.
var writing = []map[string]any{
	{"collection": "directus_users", "action": "read", "fields": []string{"*"}},
	{"collection": "directus_users", "action": "create", "fields": []string{"*"}},
	{"collection": "directus_users", "action": "update", "fields": []string{"*"}},
	{"collection": "directus_files", "action": "read", "fields": []string{"*"}},
	{"collection": "directus_files", "action": "create", "fields": []string{"*"}},
}

// role makes a role with permissions, which Directus 10 keeps with the role and
// later versions with a policy of it.
func (d *real) role(t *testing.T, enforceTFA bool, permissions []map[string]any) (id string) {
	t.Helper()
	flags := map[string]any{"name": rand.Text(), "admin_access": false, "app_access": false, "enforce_tfa": enforceTFA}
	var made struct{ ID string }
	if d.isTen() {
		if err := d.Call(t.Context(), http.MethodPost, "/roles", flags, &made); err != nil {
			t.Fatal(err)
		}
		for _, permission := range permissions {
			row := map[string]any{"role": made.ID, "permissions": map[string]any{}}
			maps.Copy(row, permission)
			if err := d.Call(t.Context(), http.MethodPost, "/permissions", row, nil); err != nil {
				t.Fatal(err)
			}
		}
		return made.ID
	}
	flags["permissions"] = permissions
	role := map[string]any{"name": rand.Text(), "policies": []any{map[string]any{"policy": flags}}}
	if err := d.Call(t.Context(), http.MethodPost, "/roles", role, &made); err != nil {
		t.Fatal(err)
	}
	return made.ID
}

// writer is a client with a token that may write.
func (d *real) writer(t *testing.T) *directus.Client {
	t.Helper()
	token := rand.Text()
	d.user(t, map[string]any{"role": d.role(t, false, writing), "token": token})
	return d.client(t, func(c *directus.Config) { c.WriteToken = storage.Secret(token) })
}

// enter signs in and out again, and keeps the access.
func enter(t *testing.T, client *directus.Client, credentials storage.Credentials) storage.DirectusAccess {
	t.Helper()
	signedIn, err := client.Authenticate(t.Context(), credentials)
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Logout(t.Context(), signedIn.Pair); err != nil {
		t.Fatal(err)
	}
	return signedIn.Pair.Access()
}

// Without a permission nobody changes anything, not even his own row.
func ownAccountWithoutRights(t *testing.T, d *real) {
	client := d.client(t)
	id, credentials := d.user(t, map[string]any{"role": d.role(t, false, nil)})
	access := enter(t, client, credentials)
	rights, err := client.OwnRights(t.Context(), access)
	want := storage.OwnRights{}
	if d.isTen() { // does not tell
		want = storage.OwnRights{Profile: true, Password: true, OneTimePassword: true, Picture: true}
	}
	if err != nil || rights != want {
		t.Errorf("rights %+v, error %v", rights, err)
	}
	made, err := client.GenerateOTP(t.Context(), access, credentials.Password)
	if err != nil {
		t.Fatal(err)
	}
	_, picture := client.StorePicture(t.Context(), access, pngPicture())
	for method, err := range map[string]error{
		"UpdateProfile":  client.UpdateProfile(t.Context(), id, access, storage.ProfileChange{FirstName: new("Augusta")}),
		"ChangePassword": client.ChangePassword(t.Context(), id, access, "another password"),
		"StorePicture":   picture,
		"EnableOTP": tried(func() error {
			return client.EnableOTP(t.Context(), access, made, storage.Secret(directustest.OTP(made.Secret, time.Now())))
		}),
	} {
		if !errors.Is(err, storage.ErrForbidden) {
			t.Errorf("%s: error %v, want %v", method, err, storage.ErrForbidden)
		}
	}
}

// tried again once, since a step may end between making and checking a code.
func tried(enable func() error) error {
	err := enable()
	if errors.Is(err, storage.ErrInvalidOTP) {
		err = enable()
	}
	return err
}

func ownAccountByOwnRow(t *testing.T, d *real) {
	client := d.client(t)
	id, credentials := d.user(t, map[string]any{"role": d.role(t, false, d.ownRow())})
	access := enter(t, client, credentials)
	rights, err := client.OwnRights(t.Context(), access)
	if want := (storage.OwnRights{Profile: true, Password: true, OneTimePassword: true, Picture: true}); err != nil || rights != want {
		t.Errorf("rights %+v, error %v", rights, err)
	}
	d.changesAccount(t, client, id, access)
	other, _ := d.user(t, nil)
	foreign := access
	foreign.Subject = other
	if err := client.UpdateProfile(t.Context(), other, foreign, storage.ProfileChange{FirstName: new("Eve")}); !errors.Is(err, storage.ErrForbidden) {
		t.Errorf("another's row: error %v, want %v", err, storage.ErrForbidden)
	}
	enrols(t, client, access, credentials)
}

func ownAccountByWriteToken(t *testing.T, d *real) {
	client := d.writer(t)
	id, credentials := d.user(t, map[string]any{"role": d.role(t, false, nil)})
	rights, err := client.OwnRights(t.Context(), storage.DirectusAccess{})
	if want := (storage.OwnRights{Profile: true, Password: true, OneTimePassword: true, Picture: true}); err != nil || rights != want {
		t.Errorf("rights %+v, error %v", rights, err)
	}
	rights, err = client.OwnRights(t.Context(), enter(t, client, credentials))
	if err != nil || !rights.Profile || rights.OneTimePassword != d.isTen() {
		t.Errorf("with access: rights %+v, error %v", rights, err)
	}
	picture := d.changesAccount(t, client, id, storage.DirectusAccess{})
	shown, err := client.ShowPicture(t.Context(), storage.DirectusAccess{}, picture, 4)
	if err != nil || shown.ContentType != "image/webp" || len(shown.Body) == 0 {
		t.Errorf("picture: %s, %v", shown.ContentType, err)
	}
	d.patch(t, "/settings", map[string]any{"storage_asset_transform": "presets"})
	if _, err := client.ShowPicture(t.Context(), storage.DirectusAccess{}, picture, 96); err != nil {
		t.Errorf("presets only: %v", err)
	}
	d.patch(t, "/settings", map[string]any{"storage_asset_transform": "all"})
	if _, err := d.client(t).ShowPicture(t.Context(), storage.DirectusAccess{}, picture, 96); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("service token: error %v, want %v", err, storage.ErrNotFound)
	}
}

// changesAccount changes everything that a person may, and reads it back.
func (d *real) changesAccount(t *testing.T, client *directus.Client, id string, access storage.DirectusAccess) (picture string) {
	t.Helper()
	picture, err := client.StorePicture(t.Context(), access, pngPicture())
	if err != nil {
		t.Fatal(err)
	}
	change := storage.ProfileChange{FirstName: new("Augusta"), LastName: new(""), Language: new("de-DE"), Avatar: &picture}
	appearance := ""
	if !d.isTen() {
		appearance, change.Appearance = "dark", new("dark")
	}
	if err := client.UpdateProfile(t.Context(), id, access, change); err != nil {
		t.Fatal(err)
	}
	got, err := client.Profile(t.Context(), id)
	if err != nil || got.Account.FirstName != "Augusta" || got.Account.LastName != "" || got.Language != "de-DE" ||
		got.Appearance != appearance || got.Avatar != picture {
		t.Errorf("%+v, %v", got, err)
	}
	if err := client.ChangePassword(t.Context(), id, access, "another password"); err != nil {
		t.Fatal(err)
	}
	credentials := storage.Credentials{Email: got.Account.Email, Password: "another password"}
	if _, err := client.Authenticate(t.Context(), credentials); err != nil {
		t.Errorf("new password: %v", err)
	}
	return picture
}

// enrols sets a one-time password up, uses it, and removes it.
func enrols(t *testing.T, client *directus.Client, access storage.DirectusAccess, credentials storage.Credentials) {
	t.Helper()
	credentials.Password = "another password"
	if _, err := client.GenerateOTP(t.Context(), access, "wrong"); !errors.Is(err, storage.ErrInvalidCredentials) {
		t.Errorf("wrong password: error %v, want %v", err, storage.ErrInvalidCredentials)
	}
	made, err := client.GenerateOTP(t.Context(), access, credentials.Password)
	if err != nil {
		t.Fatal(err)
	}
	code := func() storage.Secret { return storage.Secret(directustest.OTP(made.Secret, time.Now())) }
	if err := client.EnableOTP(t.Context(), access, made, "000000"); !errors.Is(err, storage.ErrInvalidOTP) {
		t.Errorf("wrong code: error %v, want %v", err, storage.ErrInvalidOTP)
	}
	if err := tried(func() error { return client.EnableOTP(t.Context(), access, made, code()) }); err != nil {
		t.Fatal(err)
	}
	if _, err := client.GenerateOTP(t.Context(), access, credentials.Password); !errors.Is(err, storage.ErrOTPIsSet) {
		t.Errorf("generate again: error %v, want %v", err, storage.ErrOTPIsSet)
	}
	if err := client.EnableOTP(t.Context(), access, made, code()); !errors.Is(err, storage.ErrOTPIsSet) {
		t.Errorf("enable again: error %v, want %v", err, storage.ErrOTPIsSet)
	}
	if _, err := client.Authenticate(t.Context(), credentials); !errors.Is(err, storage.ErrOTPRequired) {
		t.Errorf("sign-in: error %v, want %v", err, storage.ErrOTPRequired)
	}
	if err := client.DisableOTP(t.Context(), access, "000000"); !errors.Is(err, storage.ErrInvalidOTP) {
		t.Errorf("disable with a wrong code: error %v, want %v", err, storage.ErrInvalidOTP)
	}
	if err := tried(func() error { return client.DisableOTP(t.Context(), access, code()) }); err != nil {
		t.Errorf("disable: %v", err)
	}
	if err := client.DisableOTP(t.Context(), access, code()); err != nil {
		t.Errorf("disable again: %v", err)
	}
}

// Where a policy asks for one-time passwords, Directus 10 lets its people set
// one up; later versions do not.
func enforcedOneTimePassword(t *testing.T, d *real) {
	client := d.client(t)
	_, credentials := d.user(t, map[string]any{"role": d.role(t, true, nil)})
	signedIn, err := client.Authenticate(t.Context(), credentials)
	if err != nil || !signedIn.EnforceTFA {
		t.Fatalf("enforced %v, %v", signedIn.EnforceTFA, err)
	}
	access := signedIn.Pair.Access()
	made, err := client.GenerateOTP(t.Context(), access, credentials.Password)
	if err != nil {
		t.Fatal(err)
	}
	err = tried(func() error {
		return client.EnableOTP(t.Context(), access, made, storage.Secret(directustest.OTP(made.Secret, time.Now())))
	})
	switch {
	case d.isTen() && err != nil:
		t.Error(err)
	case !d.isTen() && !errors.Is(err, storage.ErrForbidden):
		t.Errorf("error %v, want %v", err, storage.ErrForbidden)
	}
}

// Access tokens say nothing of a user's own policies. Access to the Studio lets
// nobody set up a one-time password either; without a licence it takes one of
// three seats, which other tests need.
func enforcedByOwnPolicy(t *testing.T, d *real) {
	if d.isTen() {
		t.Skip("Directus 10 has no policies")
	}
	policy := map[string]any{"name": rand.Text(), "admin_access": false, "app_access": !d.isCore(), "enforce_tfa": true}
	_, credentials := d.user(t, map[string]any{"policies": []any{map[string]any{"policy": policy}}})
	client := d.client(t)
	signedIn, err := client.Authenticate(t.Context(), credentials)
	if err != nil || !signedIn.EnforceTFA {
		t.Errorf("enforced %v, %v", signedIn.EnforceTFA, err)
	}
	access := signedIn.Pair.Access()
	if rights, err := client.Rights(t.Context(), access, storage.Caller{}); err != nil || rights.OneTimePassword {
		t.Errorf("rights %+v, %v", rights, err)
	}
	made, err := client.GenerateOTP(t.Context(), access, credentials.Password)
	if err != nil {
		t.Fatal(err)
	}
	err = tried(func() error {
		return client.EnableOTP(t.Context(), access, made, storage.Secret(directustest.OTP(made.Secret, time.Now())))
	})
	if !errors.Is(err, storage.ErrForbidden) {
		t.Errorf("error %v, want %v", err, storage.ErrForbidden)
	}
}

// passwordPolicy sets a policy that refuses what no other test uses.
func passwordPolicy(t *testing.T, d *real) {
	d.patch(t, "/settings", map[string]any{"auth_password_policy": "/^(?!refused)/"})
	client := d.writer(t)
	id, _ := d.user(t, nil)
	err := client.ChangePassword(t.Context(), id, storage.DirectusAccess{}, "refused password")
	if !errors.Is(err, storage.ErrPasswordPolicy) {
		t.Errorf("error %v, want %v", err, storage.ErrPasswordPolicy)
	}
	if err := client.ChangePassword(t.Context(), id, storage.DirectusAccess{}, "another password"); err != nil {
		t.Error(err)
	}
}
