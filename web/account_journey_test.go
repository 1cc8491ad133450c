package web_test

import (
	"bytes"
	"image"
	"image/png"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/provider/account"
	"gatehouse/provider/event"
	"gatehouse/provider/providertest"
	"gatehouse/storage/directus/directustest"
)

// twoModes are the ways in which Directus lets people change their accounts.
func twoModes(t *testing.T) map[string]*providertest.Server {
	t.Helper()
	byRow := providertest.New(t, providertest.Options{})
	byRow.Directus.AllowOwnUpdate()
	byRow.Directus.AllowOwnFiles()
	return map[string]*providertest.Server{
		"update of the own row": byRow,
		"write token":           providertest.New(t, providertest.Options{WriteToken: true}),
	}
}

// visit signs a browser in on the way to a page of ours.
func visit(t *testing.T, s *providertest.Server, browser *providertest.Browser, path, user string) *providertest.Page {
	t.Helper()
	page := browser.Through(browser.Get(s.Issuer+path), user)
	wantAt(t, page, path)
	return page
}

func TestJourneyOfTheProfile(t *testing.T) {
	for name, s := range twoModes(t) {
		t.Run(name, func(t *testing.T) {
			id := s.Directus.AddUser(directustest.User{
				Email: email, Password: providertest.Password, FirstName: "Ada", LastName: "Lovelace",
				Fields: map[string]any{"role": "customer", "token": nil, "policies": []any{}, "title": "Countess"},
			})
			other := s.AddUser("grace@example.com")
			browser := s.NewBrowser(t)
			page := visit(t, s, browser, "/account", email)
			// What the form does not have, nobody writes.
			page = browser.Press(page, "profile-submit", map[string]string{
				"given-name": "Augusta", "language": "de-DE", "appearance": "dark",
				"role": "administrator", "status": "archived", "policies": "all", "token": "mine", "email": "eve@example.com",
				"password": "x", "title": "Queen", "id": other, "tfa_secret": "x", "provider": "x",
			})
			wantAt(t, page, "/account")
			if page.Language() != "de" || page.Text("notice") != "Ihr Profil ist gespeichert." || page.Field("given-name") != "Augusta" {
				t.Errorf("the page is in %s and says %q", page.Language(), page.Text("notice"))
			}
			user, _ := s.Directus.User(id)
			want := directustest.User{
				ID: id, Email: email, Password: providertest.Password, Status: "active", FirstName: "Augusta", LastName: "Lovelace", Provider: "default",
				Fields: map[string]any{"role": "customer", "token": nil, "policies": []any{}, "title": "Countess", "language": "de-DE", "appearance": "dark"},
			}
			if diff := cmp.Diff(want, user); diff != "" {
				t.Errorf("user in Directus (-want +got):\n%s", diff)
			}
			if user, _ := s.Directus.User(other); user.FirstName != "Ada" || s.Directus.Calls("/users/"+other) != 0 {
				t.Error("another user was changed")
			}
		})
	}
}

// uploaded sends a picture from the browser, and returns the status.
func uploaded(t *testing.T, s *providertest.Server, browser *providertest.Browser, body []byte) int {
	t.Helper()
	var form bytes.Buffer
	writer := multipart.NewWriter(&form)
	part, err := writer.CreateFormFile("picture", "me.png")
	if err == nil {
		_, err = part.Write(body)
	}
	if err == nil {
		err = writer.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	r := browser.Request()
	r.Method, r.Body = http.MethodPost, io.NopCloser(&form)
	r.URL.Path += "/account/picture"
	r.Header.Set("Content-Type", writer.FormDataContentType())
	recorder := httptest.NewRecorder()
	s.Handler.ServeHTTP(recorder, r)
	return recorder.Code
}

func TestJourneyOfAPicture(t *testing.T) {
	for name, s := range twoModes(t) {
		t.Run(name, func(t *testing.T) {
			id := s.AddUser(email)
			s.AddUser("grace@example.com")
			browser, stranger := s.NewBrowser(t), s.NewBrowser(t)
			visit(t, s, browser, "/account", email)
			visit(t, s, stranger, "/account", "grace@example.com")
			var picture bytes.Buffer
			if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 8, 8))); err != nil {
				t.Fatal(err)
			}
			if status := uploaded(t, s, browser, picture.Bytes()); status != http.StatusSeeOther {
				t.Fatalf("upload: %d", status)
			}
			user, _ := s.Directus.User(id)
			avatar, _ := user.Fields["avatar"].(string)
			address := s.Issuer + "/account/picture/" + avatar
			if avatar == "" || !strings.Contains(browser.Get(s.Issuer+"/account").Body, "/account/picture/"+avatar) {
				t.Fatalf("the picture %q is not on the page", avatar)
			}
			if shown := browser.Get(address); shown.Status != http.StatusOK || shown.Header.Get("Content-Type") != "image/png" {
				t.Errorf("own picture: %d, %s", shown.Status, shown.Header.Get("Content-Type"))
			}
			for who, other := range map[string]*providertest.Browser{"another user": stranger, "nobody": s.NewBrowser(t)} {
				if shown := other.Get(address); shown.Status != http.StatusNotFound {
					t.Errorf("%s sees the picture: %d", who, shown.Status)
				}
			}
			page := browser.Press(browser.Get(s.Issuer+"/account"), "picture-remove", nil)
			wantAt(t, page, "/account")
			if user, _ := s.Directus.User(id); user.Fields["avatar"] != nil || page.Has("picture-shown") {
				t.Errorf("avatar is %v", user.Fields["avatar"])
			}
		})
	}
}

func TestJourneyOfAPasswordChange(t *testing.T) {
	for name, s := range twoModes(t) {
		t.Run(name, func(t *testing.T) {
			id := s.AddUser(email)
			here, there := s.NewBrowser(t), s.NewBrowser(t)
			rp := s.Web(t)
			tokens := rp.Exchange(there.SignIn(rp, email, map[string]string{"scope": "openid offline_access"})).WantOK(t)
			page := visit(t, s, here, "/account/password", email)
			page = here.Press(page, "password-submit", map[string]string{"current-password": "wrong", "new-password": newPassword})
			wantAt(t, page, "/account/password")
			if user, _ := s.Directus.User(id); user.Password != providertest.Password {
				t.Fatal("a wrong old password was enough")
			}
			page = here.Press(page, "password-submit", map[string]string{"current-password": providertest.Password, "new-password": newPassword})
			wantAt(t, page, "/account/password")
			if user, _ := s.Directus.User(id); user.Password != newPassword || !page.Has("notice") {
				t.Fatalf("the password was not changed:\n%s", page.Body)
			}
			rp.Refresh(tokens.Text("refresh_token")).WantError(t, http.StatusBadRequest, "invalid_grant")
			if page := there.Get(s.Issuer + "/account"); !page.Has("login-submit") {
				t.Errorf("the other browser is still signed in: %s", page.URL)
			}
			wantAt(t, here.Get(s.Issuer+"/account"), "/account")
			s.Clock.Advance(time.Millisecond)
			again := s.NewBrowser(t)
			page = again.Press(again.Get(s.Issuer+"/account"), "login-submit", map[string]string{"username": email, "password": newPassword})
			wantAt(t, page, "/account")
		})
	}
}

// The tutorial's apps sign people in long before these look at their accounts.
func TestJourneyOfAPasswordAfterAnOldSignIn(t *testing.T) {
	s := providertest.New(t, providertest.Options{})
	s.Directus.AllowOwnUpdate()
	id := s.AddUser(email)
	rp, browser := s.Web(t), s.NewBrowser(t)
	browser.SignIn(rp, email, nil)
	s.Clock.Advance(time.Hour)
	if page := browser.Get(s.Issuer + "/account"); !page.Has("profile-unlock") {
		t.Error("nothing says that another sign-in is needed to change the profile")
	}
	page := browser.Get(s.Issuer + "/account/password")
	if !page.Has("login-submit") || page.Field("username") != email {
		t.Fatalf("the browser rests at %s, without a sign-in of the same person", page.URL)
	}
	page = browser.Password(page, email)
	wantAt(t, page, "/account/password")
	browser.Press(page, "password-submit", map[string]string{"current-password": providertest.Password, "new-password": newPassword})
	if user, _ := s.Directus.User(id); user.Password != newPassword {
		t.Error("the password was not changed")
	}
	if page := browser.Get(s.Issuer + "/account"); !page.Has("profile-submit") {
		t.Error("the profile cannot be changed after the sign-in")
	}
}

// Directus 12 without a licence lets nobody change his own row.
func TestJourneyWithNeitherWay(t *testing.T) {
	s := providertest.New(t, providertest.Options{})
	id := s.AddUser(email)
	s.Directus.SetAllowLists(directustest.AllowLists{Reset: []string{s.Issuer + "/reset-password"}})
	browser := s.NewBrowser(t)
	page := visit(t, s, browser, "/account", email)
	if page.Has("profile-submit") || page.Has("picture-submit") || page.Has("profile-unlock") {
		t.Error("the profile can be changed")
	}
	forged := browser.Post(s.Issuer+"/account", url.Values{"given-name": {"Augusta"}, "role": {"administrator"}})
	if user, _ := s.Directus.User(id); forged.Status != http.StatusForbidden || user.FirstName != "Ada" {
		t.Errorf("a form of his own: %d", forged.Status)
	}
	page = visit(t, s, browser, "/account/password", email)
	page = browser.Press(page, "password-mail", nil)
	wantAt(t, page, "/account/password")
	mail := s.Mail(t, directustest.ResetMail, email)
	if !page.Has("notice") || !strings.HasPrefix(mail.Link, s.Issuer+"/reset-password?") {
		t.Fatalf("the mail leads to %s", mail.Link)
	}
	page = browser.Press(browser.Get(mail.Link), "password-submit", map[string]string{"new-password": newPassword})
	if user, _ := s.Directus.User(id); user.Password != newPassword {
		t.Errorf("the password was not changed:\n%s", page.Body)
	}
}

func TestJourneyOfSessions(t *testing.T) {
	s := providertest.New(t, providertest.Options{})
	s.AddUser(email)
	s.AddUser("grace@example.com")
	here, phone, tablet, stranger := s.NewBrowser(t), s.NewBrowser(t), s.NewBrowser(t), s.NewBrowser(t)
	for _, browser := range []*providertest.Browser{phone, tablet, here} {
		visit(t, s, browser, "/account", email)
		s.Clock.Advance(time.Minute)
	}
	page := visit(t, s, stranger, "/account/sessions", "grace@example.com")
	if page.Has("session-end-2") || page.Has("sessions-end-others") {
		t.Fatal("a stranger sees sessions of others")
	}
	page = here.Get(s.Issuer + "/account/sessions")
	page = here.Press(page, "session-end-2", nil)
	wantAt(t, page, "/account/sessions")
	if !page.Has("session-end-2") || page.Has("session-end-3") {
		t.Error("not exactly one session was ended")
	}
	if page := tablet.Get(s.Issuer + "/account"); !page.Has("login-submit") {
		t.Error("the browser that was used last is still signed in")
	}
	wantAt(t, phone.Get(s.Issuer+"/account"), "/account")
	page = here.Press(here.Get(page.Link("sessions-end-others")), "sessions-end-others-confirm", nil)
	wantAt(t, page, "/account/sessions")
	if page := phone.Get(s.Issuer + "/account"); !page.Has("login-submit") {
		t.Error("another browser is still signed in")
	}
	wantAt(t, stranger.Get(s.Issuer+"/account"), "/account")

	page = here.Press(here.Get(page.Link("sessions-end-all")), "sessions-end-all-confirm", nil)
	if page.Status != http.StatusOK || !strings.Contains(page.Body, "on every device") {
		t.Errorf("signing out everywhere ends at %s (%d)", page.URL, page.Status)
	}
	if page := here.Get(s.Issuer + "/account"); !page.Has("login-submit") {
		t.Error("this browser is still signed in")
	}
	wantAt(t, stranger.Get(s.Issuer+"/account"), "/account")
}

func TestJourneyOfAnApp(t *testing.T) {
	s := providertest.New(t, providertest.Options{})
	s.AddUser(email)
	s.AddUser("grace@example.com")
	rp, browser, stranger := s.Web(t), s.NewBrowser(t), s.NewBrowser(t)
	tokens := rp.Exchange(browser.SignIn(rp, email, map[string]string{"scope": "openid email offline_access"})).WantOK(t)
	others := rp.Exchange(stranger.SignIn(rp, "grace@example.com", map[string]string{"scope": "openid offline_access"})).WantOK(t)

	page := browser.Get(s.Issuer + "/account/history")
	wantAt(t, page, "/account/history")
	if !strings.Contains(page.Body, "Acme Shop") {
		t.Error("the history does not know the sign-in to the app")
	}
	page = browser.Get(s.Issuer + "/account/apps")
	for _, words := range []string{"Acme Shop", "web.example", "Your email address"} {
		if !strings.Contains(page.Body, words) {
			t.Errorf("the page lacks %q", words)
		}
	}
	page = browser.Press(browser.Get(page.Link("app-remove-1")), "app-remove-confirm", nil)
	wantAt(t, page, "/account/apps")
	if page.Has("app-remove-1") {
		t.Error("the app is still there")
	}
	rp.Refresh(tokens.Text("refresh_token")).WantError(t, http.StatusBadRequest, "invalid_grant")
	rp.Refresh(others.Text("refresh_token")).WantOK(t)
	if page := browser.Get(rp.AuthorizationURL(nil)); !page.Has("consent-allow") {
		t.Errorf("the app is not asked about again: %s", page.URL)
	}
}

func TestJourneyOfASuspendedPerson(t *testing.T) {
	s := providertest.New(t, providertest.Options{})
	id := s.AddUser(email)
	browser := s.NewBrowser(t)
	visit(t, s, browser, "/account", email)
	s.Directus.SetStatus(id, "suspended")
	s.Clock.Advance(2 * time.Minute)
	browser.Get(s.Issuer+"/account/sessions").WantPage(t, http.StatusForbidden, "account_ended")
	if page := browser.Get(s.Issuer + "/account"); !page.Has("login-submit") {
		t.Error("the browser is still signed in")
	}
}

// Another address ends what is older (directus.end_on): the page asks who is there.
func TestJourneyOfAPersonWhoHasChanged(t *testing.T) {
	s := providertest.New(t, providertest.Options{})
	id := s.AddUser(email)
	browser := s.NewBrowser(t)
	visit(t, s, browser, "/account", email)
	s.Directus.Update(id, func(user *directustest.User) { user.Email = "countess@example.com" })
	s.Clock.Advance(2 * time.Minute)
	page := browser.Get(s.Issuer + "/account/sessions")
	if !page.Has("login-submit") {
		t.Fatalf("still signed in:\n%s", page.Body)
	}
	wantAt(t, browser.Password(page, "countess@example.com"), "/account/sessions")
	ended := slices.IndexFunc(s.Events.All(), func(e event.Event) bool { return e.Name == event.SessionEnded && e.Reason == string(account.Email) })
	if ended < 0 {
		t.Errorf("no event names the cause: %+v", s.Events.All())
	}
}

func TestJourneyBetweenTwoAccounts(t *testing.T) {
	s := providertest.New(t, providertest.Options{})
	s.AddUser(email)
	s.AddUser("grace@example.com")
	browser := s.NewBrowser(t)
	page := visit(t, s, browser, "/account", email)
	page = browser.Get(browser.Get(page.Link("use-other")).Link("select-other"))
	page = browser.Password(page, "grace@example.com")
	wantAt(t, page, "/account")
	if got := page.Text("account-email"); got != "grace@example.com" {
		t.Errorf("the page is about %s", got)
	}
	page = browser.Press(browser.Get(page.Link("use-other")), "select-2", nil)
	wantAt(t, page, "/account")
	if got := page.Text("account-email"); got != email {
		t.Errorf("the page is about %s", got)
	}
}
