package directus_test

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/png"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/storage"
	"gatehouse/storage/directus"
	"gatehouse/storage/directus/directustest"
)

func pngPicture() storage.Picture {
	var body bytes.Buffer
	_ = png.Encode(&body, image.NewGray(image.Rect(0, 0, 8, 8))) // into memory
	return storage.Picture{ContentType: "image/png", Body: body.Bytes()}
}

// withWriteToken has the client change accounts by itself.
func withWriteToken(t *testing.T) *bench {
	t.Helper()
	b := newBench(t)
	b.client = newClient(t, directus.Config{
		BaseURL: b.fake.URL, ServiceToken: b.fake.ServiceToken, WriteToken: b.fake.WriteToken,
		Now: b.clock.Now, Random: strings.NewReader(strings.Repeat("random", 1000)),
	})
	return b
}

// Both ways of changing an account have to come to the same.
func TestAPersonChangesHisAccount(t *testing.T) {
	t.Parallel()
	for name, make := range map[string]func(*testing.T) (*bench, func(*testing.T) storage.DirectusAccess){
		"by his own token": func(t *testing.T) (*bench, func(*testing.T) storage.DirectusAccess) {
			b := newBench(t)
			b.fake.AllowOwnUpdate()
			b.fake.AllowOwnFiles()
			return b, func(t *testing.T) storage.DirectusAccess { t.Helper(); return b.signIn(t).Pair.Access() }
		},
		"by the write token": func(t *testing.T) (*bench, func(*testing.T) storage.DirectusAccess) {
			b := withWriteToken(t)
			return b, func(*testing.T) storage.DirectusAccess { return storage.DirectusAccess{} }
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, signIn := make(t)
			id := b.addAda()
			access := signIn(t)
			rights, err := b.client.OwnRights(t.Context(), access)
			if want := (storage.OwnRights{Profile: true, Password: true, OneTimePassword: true, Picture: true}); err != nil || rights != want {
				t.Errorf("rights %+v, error %v", rights, err)
			}
			if _, err := b.client.Find(t.Context(), id, time.Hour); err != nil {
				t.Fatal(err)
			}
			picture, err := b.client.StorePicture(t.Context(), access, pngPicture())
			if err != nil {
				t.Fatal(err)
			}
			err = b.client.UpdateProfile(t.Context(), id, access, storage.ProfileChange{
				FirstName: new("Augusta"), LastName: new(""), Language: new("de-DE"), Appearance: new("dark"), Avatar: &picture,
			})
			if err != nil {
				t.Fatal(err)
			}
			want := storage.Profile{
				Account: storage.Account{
					ID: id, Email: email, Active: true, Status: "active", FirstName: "Augusta", Language: "de-DE", Provider: "default",
					Fields: map[string]any{}, SeenAt: b.clock.Now(),
				},
				Language: "de-DE", Appearance: "dark", Avatar: picture,
			}
			if got, err := b.client.Profile(t.Context(), id); err != nil || cmp.Diff(want, got) != "" {
				t.Errorf("%v, %s", err, cmp.Diff(want, got))
			}
			if account, err := b.client.Find(t.Context(), id, time.Hour); err != nil || account.FirstName != "Augusta" {
				t.Errorf("the remembered account was not forgotten: %q, %v", account.FirstName, err)
			}
			shown, err := b.client.ShowPicture(t.Context(), access, picture, 96)
			if err != nil || cmp.Diff(pngPicture(), shown) != "" {
				t.Errorf("picture: %v", err)
			}
			if err := b.client.ChangePassword(t.Context(), id, access, "another password"); err != nil {
				t.Fatal(err)
			}
			if user, _ := b.fake.User(id); user.Password != "another password" || user.LastName != "" {
				t.Errorf("stored: last name %q, password changed: %v", user.LastName, user.Password != password)
			}
		})
	}
}

func TestChangesGoToNobodyElse(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.fake.AllowOwnUpdate()
	b.addAda()
	other := b.fake.AddUser(directustest.User{Email: "grace@example.com", FirstName: "Grace"})
	access := b.signIn(t).Pair.Access()
	if err := b.client.UpdateProfile(t.Context(), other, access, storage.ProfileChange{FirstName: new("Eve")}); !errors.Is(err, storage.ErrForbidden) {
		t.Errorf("error %v, want %v", err, storage.ErrForbidden)
	}
	if err := b.client.UpdateProfile(t.Context(), "me", access, storage.ProfileChange{FirstName: new("Eve")}); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("error %v, want %v", err, storage.ErrNotFound)
	}
	if b.fake.Calls("/users/"+other) != 0 || b.fake.Calls("/users/me") != 0 {
		t.Error("Directus was asked")
	}
}

func TestWithoutRightsAnAccountStaysAsItIs(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.addAda()
	access := b.signIn(t).Pair.Access()
	if rights, err := b.client.OwnRights(t.Context(), access); err != nil || rights != (storage.OwnRights{}) {
		t.Errorf("rights %+v, error %v", rights, err)
	}
	_, picture := b.client.StorePicture(t.Context(), access, pngPicture())
	for method, err := range map[string]error{
		"UpdateProfile":  b.client.UpdateProfile(t.Context(), id, access, storage.ProfileChange{FirstName: new("Augusta")}),
		"ChangePassword": b.client.ChangePassword(t.Context(), id, access, "another password"),
		"StorePicture":   picture,
	} {
		if !errors.Is(err, storage.ErrForbidden) {
			t.Errorf("%s: error %v, want %v", method, err, storage.ErrForbidden)
		}
	}
	user, _ := b.fake.User(id)
	if user.FirstName != "Ada" || user.Password != password {
		t.Errorf("changed to %q", user.FirstName)
	}
}

func TestRightsAreThoseOfEachColumn(t *testing.T) {
	t.Parallel()
	for columns, want := range map[string]storage.OwnRights{
		"first_name last_name language appearance": {Profile: true},
		"first_name last_name":                     {},
		"password":                                 {Password: true},
		"tfa_secret":                               {OneTimePassword: true},
		"avatar":                                   {},
	} {
		b := newBench(t)
		b.fake.AllowOwnUpdate(strings.Fields(columns)...)
		b.addAda()
		if got, err := b.client.OwnRights(t.Context(), b.signIn(t).Pair.Access()); err != nil || got != want {
			t.Errorf("%s: %+v, %v", columns, got, err)
		}
	}
}

func TestTheWriteTokenLeavesOneTimePasswordsToThePerson(t *testing.T) {
	t.Parallel()
	b := withWriteToken(t)
	b.addAda()
	rights, err := b.client.OwnRights(t.Context(), b.signIn(t).Pair.Access())
	if want := (storage.OwnRights{Profile: true, Password: true, Picture: true}); err != nil || rights != want {
		t.Errorf("rights %+v, error %v", rights, err)
	}
}

// What Directus 10 does not tell may be tried.
func TestUnknownRightsMayBeTried(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.addAda()
	access := b.signIn(t).Pair.Access()
	b.fake.Inject(directustest.Fault{Path: "/permissions/me", Status: 404, Code: "ROUTE_NOT_FOUND"})
	b.fake.Inject(directustest.Fault{Path: "/permissions", Status: 403, Code: "FORBIDDEN"})
	rights, err := b.client.OwnRights(t.Context(), access)
	if want := (storage.OwnRights{Profile: true, Password: true, OneTimePassword: true, Picture: true}); err != nil || rights != want {
		t.Errorf("rights %+v, error %v", rights, err)
	}
}

func TestProfileChangesThatDirectusWouldNotKeep(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.fake.AllowOwnUpdate()
	id := b.addAda()
	access := b.signIn(t).Pair.Access()
	for name, change := range map[string]storage.ProfileChange{
		"name too long":      {FirstName: new(strings.Repeat("ä", storage.MaxNameLength+1))},
		"name of two lines":  {LastName: new("Love\nlace")},
		"name with a zero":   {LastName: new("Love\x00lace")},
		"name not in UTF-8":  {LastName: new("Love\xfflace")},
		"no language":        {Language: new("../de")},
		"no appearance":      {Appearance: new("pink")},
		"picture without id": {Avatar: new("../../users/me")},
	} {
		if err := b.client.UpdateProfile(t.Context(), id, access, change); !errors.Is(err, storage.ErrMalformed) {
			t.Errorf("%s: error %v, want %v", name, err, storage.ErrMalformed)
		}
	}
	if err := b.client.UpdateProfile(t.Context(), id, access, storage.ProfileChange{}); err != nil {
		t.Errorf("no change: %v", err)
	}
	if calls := b.fake.Calls("/users/" + id); calls != 0 {
		t.Errorf("Directus was asked %d times", calls)
	}
	longest := strings.Repeat("ä", storage.MaxNameLength)
	if err := b.client.UpdateProfile(t.Context(), id, access, storage.ProfileChange{FirstName: &longest}); err != nil {
		t.Errorf("longest name: %v", err)
	}
}

func TestPasswordPolicyShowsNothingOfThePassword(t *testing.T) {
	t.Parallel()
	for name, b := range map[string]*bench{"own token": newBench(t), "write token": withWriteToken(t)} {
		b.fake.AllowOwnUpdate()
		b.fake.SetPasswordPolicy(func(password string) bool { return len(password) > 20 })
		id := b.addAda()
		access := b.signIn(t).Pair.Access()
		const weak = "weak-password"
		err := b.client.ChangePassword(t.Context(), id, access, weak)
		if !errors.Is(err, storage.ErrPasswordPolicy) {
			t.Errorf("%s: error %v, want %v", name, err, storage.ErrPasswordPolicy)
		}
		if strings.Contains(fmt.Sprintf("%+v %#v", err, err)+b.log.String(), weak) {
			t.Errorf("%s: the password shows", name)
		}
		if err := b.client.ChangePassword(t.Context(), id, access, ""); !errors.Is(err, storage.ErrMalformed) {
			t.Errorf("%s: no password: error %v, want %v", name, err, storage.ErrMalformed)
		}
	}
}

func TestAWriteTokenThatMayNotWrite(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status int
		code   string
		want   error
	}{
		"forbidden":   {403, "FORBIDDEN", storage.ErrForbidden},
		"refused":     {401, "INVALID_CREDENTIALS", directus.ErrServiceToken},
		"unavailable": {503, "SERVICE_UNAVAILABLE", storage.ErrUnavailable},
		"too long":    {400, "VALUE_TOO_LONG", storage.ErrMalformed},
		"no Directus": {400, "", storage.ErrUnavailable},
	} {
		b := withWriteToken(t)
		id := b.addAda()
		b.fake.Inject(directustest.Fault{Path: "/users/" + id, Status: test.status, Code: test.code})
		err := b.client.UpdateProfile(t.Context(), id, storage.DirectusAccess{}, storage.ProfileChange{FirstName: new("Augusta")})
		if !errors.Is(err, test.want) || errors.Is(err, storage.ErrInvalidCredentials) {
			t.Errorf("%s: error %v, want %v", name, err, test.want)
		}
	}
}

func TestProfileOfNobody(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.addAda()
	for _, id := range []string{"", "me", "00000000-0000-4000-8000-00000000dead"} {
		if _, err := b.client.Profile(t.Context(), id); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("%q: error %v, want %v", id, err, storage.ErrNotFound)
		}
	}
}
