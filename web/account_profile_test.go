package web_test

import (
	"bytes"
	"context"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/provider/authorize"
	"gatehouse/provider/event"
	"gatehouse/storage"
)

func profileForm(change ...string) url.Values {
	form := url.Values{"given-name": {"Ada"}, "family-name": {"Lovelace"}, "language": {"en-US"}, "appearance": {"auto"}}
	for i := 0; i < len(change); i += 2 {
		form.Set(change[i], change[i+1])
	}
	return form
}

func TestProfilePage(t *testing.T) {
	h := self(t, newProfiles())
	page := h.get("/account")
	h.wantPage(page, http.StatusOK, `id="profile-submit"`, `name="given-name" type="text" value="Ada" autocomplete="given-name"`,
		`<option value="en-US" lang="en" selected>English</option>`, `<option value="de-DE" lang="de">Deutsch</option>`, `id="picture-submit"`)
	if strings.Contains(page.body, `id="picture-remove"`) {
		t.Error("offers to remove a picture that is not there")
	}
	h.golden("account_profile", page)
}

func TestProfileIsChanged(t *testing.T) {
	for name, written := range map[string]*storage.OwnRights{"by the person": nil, "by the write token": {Profile: true}} {
		t.Run(name, func(t *testing.T) {
			p := newProfiles()
			if p.written = written; written != nil {
				p.rights = storage.OwnRights{}
			}
			h := self(t, p)
			form := profileForm("given-name", " Augusta ", "family-name", "", "appearance", "dark")
			h.wantTo(h.post("/account", form), "/account?notice=profile")
			want := map[string][]storage.ProfileChange{"ada": {{FirstName: new("Augusta"), LastName: new(""), Appearance: new("dark")}}}
			if diff := cmp.Diff(want, p.made()); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
			h.wantPage(h.get("/account?notice=profile"), http.StatusOK, "Your profile was saved.", `value="Augusta"`)
			if diff := cmp.Diff([]event.Name{event.ProfileChanged}, h.events.names()); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
		})
	}
}

// Whatever else a form holds is not looked at: Directus would let some people
// write some of it.
func TestProfileFormHasItsFieldsOnly(t *testing.T) {
	p := newProfiles()
	h := self(t, p)
	form := profileForm("given-name", "Augusta")
	for _, column := range []string{"role", "status", "policies", "token", "email", "password", "id", "provider", "tfa_secret", "first_name", "avatar", "subject"} {
		form.Set(column, "grace")
	}
	h.wantTo(h.post("/account?id=grace&subject=grace", form), "/account?notice=profile")
	want := map[string][]storage.ProfileChange{"ada": {{FirstName: new("Augusta")}}}
	if diff := cmp.Diff(want, p.made()); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
}

func TestProfileOfWhatIsNotOffered(t *testing.T) {
	p := newProfiles()
	h := self(t, p)
	h.wantTo(h.post("/account", profileForm("language", "xx-XX", "appearance", "pink")), "/account?notice=profile")
	want := map[string][]storage.ProfileChange{"ada": {{}}}
	if diff := cmp.Diff(want, p.made()); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
}

func TestProfileProblemsStandAtTheirFields(t *testing.T) {
	p := newProfiles()
	h := self(t, p)
	long := strings.Repeat("ä", storage.MaxNameLength+1)
	page := h.post("/account", profileForm("given-name", long, "family-name", "Love\nlace"))
	h.wantPage(page, http.StatusOK, `<a href="#given-name">`, `<a href="#family-name">`, `id="given-name-problem"`, `id="family-name-problem"`, long)
	h.golden("account_profile_problems", page)
	if got := p.made(); len(got) != 0 {
		t.Errorf("changed %v", got)
	}
}

func TestProfileThatIsNotTaken(t *testing.T) {
	for name, test := range map[string]struct {
		failure error
		status  int
		words   string
	}{
		"forbidden": {storage.ErrForbidden, http.StatusForbidden, "does not let you change this"},
		"malformed": {storage.ErrMalformed, http.StatusOK, "Check your entries."},
		"away":      {storage.ErrUnavailable, http.StatusServiceUnavailable, `id="retry"`},
		"broken":    {errStore, http.StatusInternalServerError, "server_error"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProfiles()
			p.failure = test.failure
			h := self(t, p)
			h.wantPage(h.post("/account", profileForm("given-name", "Augusta")), test.status, test.words)
		})
	}
}

func TestLanguageOfTheProfileTakesEffect(t *testing.T) {
	p := newProfiles()
	h := self(t, p)
	h.get("/account?ui_locales=en") // chosen by a link, before
	h.wantTo(h.post("/account", profileForm("language", "de-DE")), "/account?notice=profile")
	h.wantPage(h.get("/account?notice=profile"), http.StatusOK, `<html lang="de"`, "Ihr Profil ist gespeichert.", `<option value="de-DE" lang="de" selected>`)
	h.wantTo(h.post("/account", profileForm("language", "")), "/account?notice=profile")
	h.wantPage(h.get("/account"), http.StatusOK, `<html lang="en"`, `<option value="" selected>Like the project</option>`)
}

func TestLanguageThatPagesDoNotHaveStays(t *testing.T) {
	for _, tag := range []string{"de-AT", "fi-FI"} {
		p := newProfiles()
		profile := p.of["ada"]
		profile.Language = tag
		p.of["ada"] = profile
		h := self(t, p)
		h.wantPage(h.get("/account"), http.StatusOK, `<option value="`+tag+`"`)
		h.wantTo(h.post("/account", profileForm("language", tag)), "/account?notice=profile")
		if got := p.made()["ada"][0].Language; got != nil {
			t.Errorf("%s became %q", tag, *got)
		}
	}
}

func TestProfileWithoutRightsIsReadOnly(t *testing.T) {
	p := newProfiles()
	p.rights = storage.OwnRights{}
	p.failure = storage.ErrForbidden
	h := self(t, p)
	page := h.get("/account")
	h.wantPage(page, http.StatusOK, "cannot be changed here", "<dd>Ada</dd>", "<dd>Lovelace</dd>", `lang="en">English</dd>`)
	for _, id := range []string{"profile-submit", "picture-submit", "profile-unlock"} {
		if strings.Contains(page.body, id) {
			t.Errorf("the page has %s", id)
		}
	}
	h.golden("account_profile_read_only", page)
	h.wantPage(h.post("/account", profileForm("given-name", "Augusta")), http.StatusForbidden, "does not let you change this")
	h.wantPage(h.upload("picture", pngBytes()), http.StatusForbidden, "does not let you change this")
}

func TestProfileAfterItsAccessEnded(t *testing.T) {
	p := newProfiles()
	h := self(t, p)
	h.clock.Advance(15 * time.Minute)
	page := h.get("/account")
	h.wantPage(page, http.StatusOK, `id="profile-unlock"`, "<dd>Ada</dd>")
	h.golden("account_profile_locked", page)
	again := authorize.OwnRequest{Path: "/account", Subject: "ada", Fresh: true}
	for _, form := range []url.Values{{"action": {"unlock"}}, profileForm("given-name", "Augusta")} {
		h.wantTo(h.post("/account", form), "/login?request=own")
	}
	h.wantTo(h.upload("picture", pngBytes()), "/login?request=own")
	if diff := cmp.Diff([]authorize.OwnRequest{again, again, again}, h.desk.begun); diff != "" {
		t.Errorf("begun (-want +got):\n%s", diff)
	}
	if got := p.made(); len(got) != 0 {
		t.Errorf("changed %v", got)
	}
}

// The access of one person must not serve the session of another.
func TestProfileByTheAccessOfSomebodyElse(t *testing.T) {
	p := newProfiles()
	h := newHouse(t, withProfiles(p))
	h.enter("ada")
	access := storage.DirectusAccess{Subject: "grace", AccessToken: "x", Expires: h.clock.Now().Add(time.Minute)}
	if err := h.store.DirectusAccesses.Put(t.Context(), "session-ada", access, time.Minute); err != nil {
		t.Fatal(err)
	}
	h.wantPage(h.get("/account"), http.StatusOK, `id="profile-unlock"`)
}

func TestProfileWithoutAnybodyToAsk(t *testing.T) {
	h := newHouse(t)
	h.enter("ada")
	h.wantPage(h.get("/account"), http.StatusOK, "cannot be changed here", "<dd>Ada</dd>")
	h.wantPage(h.post("/account", profileForm()), http.StatusMethodNotAllowed, "method_not_allowed")
	h.wantPage(h.get("/account/picture/file-ada"), http.StatusNotFound, "not_found")
}

// upload sends a file as the form of the page does.
func (h *house) upload(field string, body []byte) answer {
	h.t.Helper()
	var form bytes.Buffer
	writer := multipart.NewWriter(&form)
	part, err := writer.CreateFormFile(field, "me.svg")
	if err == nil {
		_, err = part.Write(body)
	}
	if err == nil {
		err = writer.Close()
	}
	if err != nil {
		h.t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(context.Background(), http.MethodPost, h.server.URL+"/account/picture", &form)
	if err != nil {
		h.t.Fatal(err)
	}
	request.Header.Set("Content-Type", writer.FormDataContentType())
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	return h.do(request)
}

func TestPictureIsStoredShownAndRemoved(t *testing.T) {
	p := newProfiles()
	h := self(t, p)
	h.wantTo(h.upload("picture", pngBytes()), "/account?notice=picture")
	page := h.get("/account?notice=picture")
	h.wantPage(page, http.StatusOK, "Your picture was saved.", `src="/account/picture/file-new"`, `id="picture-remove"`)
	h.golden("account_picture", page)
	shown := h.get("/account/picture/file-new")
	h.wantPage(shown, http.StatusOK)
	if shown.body != string(pngBytes()) || shown.Header.Get("Content-Type") != "image/png" || shown.Header.Get("Cache-Control") != "no-store" ||
		shown.Header.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(shown.Header.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("picture with %v", shown.Header)
	}
	h.wantTo(h.post("/account/picture/remove", nil), "/account?notice=picture-removed")
	want := map[string][]storage.ProfileChange{"ada": {{Avatar: new("file-new")}, {Avatar: new("")}}}
	if diff := cmp.Diff(want, p.made()); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
}

func TestPicturesThatAreNotTaken(t *testing.T) {
	p := newProfiles()
	h := self(t, p)
	for name, test := range map[string]struct {
		field string
		body  []byte
		words string
	}{
		"nothing":     {"picture", nil, "Choose a picture."},
		"other field": {"file", pngBytes(), "Choose a picture."},
		"SVG":         {"picture", []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`), "in PNG, JPEG or WebP"},
		"HTML":        {"picture", []byte("<html><script>alert(1)</script>"), "in PNG, JPEG or WebP"},
		"GIF":         {"picture", []byte("GIF89a..."), "in PNG, JPEG or WebP"},
		"too large":   {"picture", append(pngBytes(), make([]byte, 5<<20)...), "5 MB at most"},
		"much larger": {"picture", append(pngBytes(), make([]byte, 6<<20)...), "5 MB at most"},
	} {
		h.wantPage(h.upload(test.field, test.body), http.StatusOK, test.words, `id="picture-problem"`)
		if _, stored := p.files["file-new"]; stored || len(p.made()) != 0 {
			t.Fatalf("%s was stored", name)
		}
	}
	// A form that is no upload at all.
	h.wantPage(h.post("/account/picture", url.Values{"picture": {"x"}}), http.StatusOK, "Choose a picture.")
	h.wantPage(h.post("/account/picture", nil, "Sec-Fetch-Site", "cross-site"), http.StatusForbidden, "cross_origin")
}

func TestPictureOfSomebodyElseIsNotShown(t *testing.T) {
	p := newProfiles()
	h := self(t, p)
	profile := p.of["ada"]
	profile.Avatar = "file-html"
	p.of["ada"] = profile
	for _, id := range []string{"file-grace", "file-ada", "file-html", "nonsense"} {
		h.wantPage(h.get("/account/picture/"+id), http.StatusNotFound, "not_found")
	}
	h.browser = h.newBrowser()
	h.wantPage(h.get("/account/picture/file-grace"), http.StatusNotFound, "not_found")
	if len(h.desk.begun) != 0 {
		t.Error("a picture asked somebody to sign in")
	}
}

func TestAccountFormThatIsTooLarge(t *testing.T) {
	for _, path := range []string{"/account", "/account/sessions"} {
		t.Run(path, func(t *testing.T) {
			h := self(t, newProfiles())
			got := h.post(path, url.Values{"given-name": {strings.Repeat("a", 2<<20)}})
			if got.StatusCode < 400 || got.StatusCode >= 500 {
				t.Errorf("answered %d", got.StatusCode)
			}
		})
	}
}
