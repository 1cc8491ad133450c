package web_test

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"

	"gatehouse/storage"
	"gatehouse/web"
)

// project stands in for the settings of the project in Directus.
type project struct {
	mu      sync.Mutex
	says    storage.Project
	failure error
	files   map[string]storage.Picture
	// hangs keeps answers back while it is open.
	hangs chan struct{}
}

func newProject() *project { return &project{files: map[string]storage.Picture{}} }

func (p *project) say(says storage.Project) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.says = says
}

func (p *project) fail(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failure = err
}

func (p *project) Project(ctx context.Context) (storage.Project, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.hangs != nil {
		select {
		case <-p.hangs:
		case <-ctx.Done():
			return storage.Project{}, storage.ErrUnavailable
		}
	}
	return p.says, p.failure
}

func (p *project) Asset(_ context.Context, id string) (storage.Picture, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.failure != nil {
		return storage.Picture{}, p.failure
	}
	file, ok := p.files[id]
	if !ok {
		return storage.Picture{}, storage.ErrNotFound
	}
	return file, nil
}

func branded(t *testing.T) (*house, *project) {
	t.Helper()
	p := newProject()
	return newHouse(t, func(c *web.Config) { c.Brand, c.Theme = p, web.Theme{} }), p
}

func attribute(t *testing.T, page, pattern string) string {
	t.Helper()
	match := regexp.MustCompile(pattern).FindStringSubmatch(page)
	if match == nil {
		t.Fatalf("nothing like %s in\n%s", pattern, page)
	}
	return match[1]
}

func TestPagesLookLikeTheProject(t *testing.T) {
	h, p := branded(t)
	p.say(storage.Project{
		Name: "Hafen & Söhne", Color: "#0a5c36", Logo: "file-logo", Favicon: "file-icon", Background: "file-picture",
		Note: "**New here?** Ask [the desk](mailto:desk@acme.example).", Language: "de-DE", Appearance: "dark",
	})
	page := h.get("/login?request=r1")
	h.wantPage(page, http.StatusOK, `<html lang="de"`, "Hafen &amp; Söhne", `<span class="tile tile-brand tile-logo"><img src="/brand/logo?v=`, `rel="icon" href="/brand/favicon?v=`,
		`<p><strong>New here?</strong> Ask <a href="mailto:desk@acme.example" rel="noopener">the desk</a>.</p>`)
	if strings.Contains(page.body, "file-") {
		t.Error("the page names files of Directus")
	}
	css := h.stylesheet()
	if !strings.Contains(css, "--primary:#0a5c36") || strings.Contains(css, "color-scheme:light") || !strings.Contains(css, `--picture:url("/brand/background?v=`) {
		t.Errorf("the stylesheet lacks colour, appearance or background:\n%.300s", css)
	}
	// Only the sign-in page has the note.
	if strings.Contains(h.get("/nowhere").body, "New here?") {
		t.Error("another page has the note")
	}
}

func TestOperatorWinsOverTheProject(t *testing.T) {
	theme := web.Theme{
		ProjectName: "Acme", PrimaryColor: "#123456", Appearance: web.Light, LogoURL: "https://acme.example/logo.svg",
		FaviconURL: "https://acme.example/icon.png", BackgroundURL: `https://acme.example/a")}body{x.png`, Note: "Ours",
	}
	p := newProject()
	h := newHouse(t, func(c *web.Config) { c.Brand, c.Theme, c.DefaultLanguage = p, theme, "en" })
	p.say(storage.Project{
		Name: "Other", Color: "#0a5c36", Logo: "l", Favicon: "f", Background: "b", Note: "Theirs", Language: "de-DE", Appearance: "dark",
	})
	page := h.get("/login?request=r1")
	h.wantPage(page, http.StatusOK, `<html lang="en"`, `src="https://acme.example/logo.svg" alt="Acme"`, `href="https://acme.example/icon.png"`, "<p>Ours</p>")
	css := h.stylesheet()
	if !strings.Contains(css, "--primary:#123456") || strings.Contains(css, "color-scheme:dark") ||
		!strings.Contains(css, `--picture:url("https://acme.example/a%22%29%7Dbody%7Bx.png")`) {
		t.Errorf("the project won:\n%.300s", css)
	}
	if strings.Contains(page.body+css, "/brand/") {
		t.Error("a page refers to the project's files")
	}
}

func TestLanguageOfTheProjectComesAfterTheBrowsers(t *testing.T) {
	h, p := branded(t)
	p.say(storage.Project{Language: "de-DE"})
	h.wantPage(h.get("/login?request=r1", "Accept-Language", "en-GB"), http.StatusOK, `<html lang="en"`)
	h.wantPage(h.get("/login?request=r1", "Accept-Language", "fi"), http.StatusOK, `<html lang="de"`)
}

func TestProjectCannotTakeThePagesAway(t *testing.T) {
	h, p := branded(t)
	for _, bad := range []storage.Project{
		{Color: "red}body{display:none"}, {Color: "#12345"}, {Appearance: "sepia"}, {Language: "!"}, {Note: strings.Repeat("[", 1<<20)},
	} {
		p.say(bad)
		h.wantPage(h.get("/login?request=r1"), http.StatusOK, "Sign in to Shop")
		if !strings.Contains(h.stylesheet(), "--primary:#6644ff") {
			t.Errorf("%.40v spoils the stylesheet", bad)
		}
	}
}

func TestLookOutlivesDirectus(t *testing.T) {
	h, p := branded(t)
	p.fail(storage.ErrUnavailable)
	h.wantPage(h.get("/login?request=r1"), http.StatusOK, "127.0.0.1")
	p.fail(nil)
	p.say(storage.Project{Name: "Acme"})
	h.wantPage(h.get("/login?request=r1"), http.StatusOK, "Acme")
	p.fail(storage.ErrUnavailable)
	h.wantPage(h.get("/login?request=r1"), http.StatusOK, "Acme")
}

func TestPagesDoNotWaitForAProjectThatHangs(t *testing.T) {
	h, p := branded(t)
	p.hangs = make(chan struct{})
	h.wantPage(h.get("/login?request=r1"), http.StatusOK, "Sign in to Shop")
}

func TestOlderStylesheetsStayForAWhile(t *testing.T) {
	h, p := branded(t)
	path := func() string { return attribute(t, h.get("/login?request=r1").body, `rel="stylesheet" href="([^"]+)"`) }
	first := path()
	for _, color := range []string{"#111111", "#222222", "#333333"} {
		p.say(storage.Project{Color: color})
		if path() == first {
			t.Fatalf("the address stays the same for %s", color)
		}
	}
	old := h.get(first)
	if old.Header.Get("Cache-Control") != "public, max-age=31536000, immutable" || !strings.Contains(old.body, "--primary:#6644ff") {
		t.Error("the older stylesheet is gone")
	}
	for i := range 20 {
		p.say(storage.Project{Color: "#4444" + string(rune('a'+i%6)) + string(rune('a'+i/6))})
		path()
	}
	if got := h.get(first).Header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("the older stylesheet is kept for ever: Cache-Control %q", got)
	}
}

func TestPicturesOfTheProject(t *testing.T) {
	h, p := branded(t)
	p.files["file-logo"] = storage.Picture{ContentType: "image/svg+xml", Body: []byte("<svg><script>alert(1)</script></svg>")}
	p.say(storage.Project{Logo: "file-logo", Favicon: "file-gone", Background: "file-html", Foreground: "file-large"})
	p.files["file-html"] = storage.Picture{ContentType: "text/html", Body: []byte("<script>alert(1)</script>")}
	p.files["file-large"] = storage.Picture{ContentType: "image/png", Body: make([]byte, 5<<20)}
	path := attribute(t, h.get("/login?request=r1").body, `tile-logo"><img src="([^"]+)"`)
	logo := h.get(path)
	for name, want := range map[string]string{
		"Content-Type": "image/svg+xml", "X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "same-origin",
		"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox", "Cache-Control": "public, max-age=3600",
	} {
		if got := logo.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if again := h.get(path, "If-None-Match", logo.Header.Get("ETag")); again.StatusCode != http.StatusNotModified {
		t.Errorf("asked again: status %d", again.StatusCode)
	}
	for _, kind := range []string{"favicon", "background", "foreground", "private", "logo/file-html"} {
		if got := h.get("/brand/" + kind); got.StatusCode != http.StatusNotFound || strings.Contains(got.body, "alert") {
			t.Errorf("%s: status %d", kind, got.StatusCode)
		}
	}
	p.fail(storage.ErrUnavailable)
	if got := h.get(path); got.StatusCode != http.StatusNotFound || got.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("while Directus is away: status %d, Cache-Control %q", got.StatusCode, got.Header.Get("Cache-Control"))
	}
}

func TestNoPicturesWithoutAProject(t *testing.T) {
	h := newHouse(t)
	for _, kind := range []string{"logo", "favicon", "background", "foreground"} {
		if got := h.get("/brand/" + kind); got.StatusCode != http.StatusNotFound {
			t.Errorf("%s: status %d", kind, got.StatusCode)
		}
	}
}
