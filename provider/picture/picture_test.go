package picture_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/go-cmp/cmp"

	"gatehouse/provider/event"
	"gatehouse/provider/picture"
	"gatehouse/provider/providertest"
	"gatehouse/storage"
	"gatehouse/storage/directus"
	"gatehouse/storage/directus/directustest"
)

const ada = "ada@example.com"

// webP begins as every WebP does.
var webP = storage.Picture{ContentType: "image/webp", Body: []byte("RIFF\x10\x00\x00\x00WEBPVP8 and so on")}

// gallery is a provider that shows pictures, and a user who has one.
type gallery struct {
	*providertest.Server
	user, file, address string
}

func open(t *testing.T, shown storage.Picture) *gallery {
	t.Helper()
	g := &gallery{Server: providertest.New(t, providertest.Options{Pictures: true, IssuerPath: "/id"})}
	g.Directus.AllowServiceFiles()
	g.file = g.Directus.AddFile(shown)
	g.user = g.AddUser(ada)
	g.avatar(g.file)
	web := g.Web(t)
	token := web.Exchange(g.NewBrowser(t).SignIn(web, ada, map[string]string{"scope": "openid profile"})).WantOK(t).Text("access_token")
	g.address = g.UserInfo(t, token).WantOK(t).Text("picture")
	if !strings.HasPrefix(g.address, g.Issuer+"/pictures/"+g.file+".") || !strings.HasSuffix(g.address, ".webp") {
		t.Fatalf("picture %q", g.address)
	}
	return g
}

func (g *gallery) avatar(file any) {
	g.Directus.Update(g.user, func(u *directustest.User) { u.Fields = map[string]any{"avatar": file} })
}

type shown struct {
	*http.Response
	body string
}

func (g *gallery) ask(t *testing.T, method, address string, header ...string) shown {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return shown{response, string(body)}
}

func TestPicture(t *testing.T) {
	g := open(t, webP)
	answer := g.ask(t, http.MethodGet, g.address)
	if answer.StatusCode != http.StatusOK || answer.body != string(webP.Body) {
		t.Fatalf("status %d, %d bytes", answer.StatusCode, len(answer.body))
	}
	for name, want := range map[string]string{
		"Content-Type": "image/webp", "Content-Disposition": "inline", "X-Content-Type-Options": "nosniff",
		"Content-Security-Policy": "default-src 'none'; sandbox", "Cross-Origin-Resource-Policy": "cross-origin",
		"Cache-Control": "public, max-age=3600", "Set-Cookie": "", "Vary": "",
	} {
		if got := answer.Header.Get(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	tag := answer.Header.Get("ETag")
	if head := g.ask(t, http.MethodHead, g.address); head.StatusCode != http.StatusOK || head.body != "" || head.Header.Get("ETag") != tag || tag == "" {
		t.Errorf("HEAD: status %d, tag %q", head.StatusCode, head.Header.Get("ETag"))
	}
	if again := g.ask(t, http.MethodGet, g.address, "If-None-Match", tag); again.StatusCode != http.StatusNotModified || again.body != "" {
		t.Errorf("If-None-Match: status %d", again.StatusCode)
	}
	if other := g.ask(t, http.MethodGet, g.address, "If-None-Match", `"other"`); other.StatusCode != http.StatusOK {
		t.Errorf("another tag: status %d", other.StatusCode)
	}
	if posted := g.ask(t, http.MethodPost, g.address); posted.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST: status %d", posted.StatusCode)
	}
	if calls := g.Directus.Calls("/assets/" + g.file); calls != 1 {
		t.Errorf("Directus was asked %d times for one picture", calls)
	}
}

// Whatever is wrong, the answer is the same, and without our signature Directus is
// not asked.
func TestNoOracle(t *testing.T) {
	g := open(t, webP)
	other := g.Directus.AddFile(webP)
	name := strings.TrimPrefix(g.address, g.Issuer+"/pictures/")
	parts := strings.Split(name, ".")
	at := func(name string) string { return g.Issuer + "/pictures/" + name }
	want := g.ask(t, http.MethodGet, at("nothing"))
	calls := len(g.Directus.AllRequests())
	for name, address := range map[string]string{
		"another file":        at(strings.Replace(name, g.file, other, 1)),
		"another version":     at(parts[0] + ".zz." + parts[2] + ".webp"),
		"another signature":   at(parts[0] + "." + parts[1] + "." + strings.Repeat("A", len(parts[2])) + ".webp"),
		"no signature":        at(parts[0] + "." + parts[1] + "..webp"),
		"no version":          at(parts[0] + "." + parts[2] + ".webp"),
		"another end":         at(strings.TrimSuffix(name, "webp") + "svg"),
		"no end":              at(strings.TrimSuffix(name, ".webp")),
		"large letters":       at(strings.ToUpper(parts[0]) + "." + parts[1] + "." + parts[2] + ".webp"),
		"one more part":       at(parts[0] + "." + parts[1] + "." + parts[1] + "." + parts[2] + ".webp"),
		"a path to elsewhere": at("..%2f..%2fusers.0." + parts[2] + ".webp"),
	} {
		t.Run(name, func(t *testing.T) {
			g.wantSame(t, want, address)
			if now := len(g.Directus.AllRequests()); now != calls {
				t.Errorf("%d requests to Directus", now-calls)
			}
		})
	}
	t.Run("nobody's any more", func(t *testing.T) {
		g.avatar(other)
		g.wantSame(t, want, g.address)
		if asked := g.Directus.Calls("/assets/" + g.file); asked != 0 {
			t.Errorf("Directus was asked for the file %d times", asked)
		}
	})
	t.Run("of somebody suspended", func(t *testing.T) {
		g.avatar(g.file)
		g.Directus.SetStatus(g.user, "suspended")
		g.Clock.Advance(2 * time.Minute)
		g.wantSame(t, want, g.address)
		g.Directus.SetStatus(g.user, "active")
	})
	t.Run("expired", func(t *testing.T) {
		g.Clock.Advance(360 * 24 * time.Hour)
		if answer := g.ask(t, http.MethodGet, g.address); answer.StatusCode != http.StatusOK {
			t.Errorf("after 360 days: status %d", answer.StatusCode)
		}
		g.Clock.Advance(30 * 24 * time.Hour)
		g.wantSame(t, want, g.address)
	})
}

func (g *gallery) wantSame(t *testing.T, want shown, address string) {
	t.Helper()
	got := g.ask(t, http.MethodGet, address)
	for _, answer := range []shown{want, got} {
		answer.Header.Del("Date")
	}
	if got.StatusCode != http.StatusNotFound || got.body != want.body || cmp.Diff(want.Header, got.Header) != "" {
		t.Errorf("status %d, headers %v, want those of an address that never was: %v", got.StatusCode, got.Header, want.Header)
	}
	if caching := got.Header.Get("Cache-Control"); caching != "no-store" {
		t.Errorf("Cache-Control %q", caching)
	}
}

func TestChangedAvatarIsGoneAfterAMinute(t *testing.T) {
	g := open(t, webP)
	g.ask(t, http.MethodGet, g.address)
	g.avatar(nil)
	g.Clock.Advance(time.Minute)
	if answer := g.ask(t, http.MethodGet, g.address); answer.StatusCode != http.StatusNotFound {
		t.Errorf("status %d", answer.StatusCode)
	}
}

// What Directus gives out is looked at, whatever it is called.
func TestOnlyPicturesAreShown(t *testing.T) {
	for name, file := range map[string]storage.Picture{
		"SVG":                {ContentType: "image/svg+xml", Body: []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`)},
		"SVG called WebP":    {ContentType: "image/webp", Body: []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`)},
		"page called WebP":   {ContentType: "image/webp", Body: []byte("<!doctype html><script>alert(1)</script>")},
		"PNG as it was":      {ContentType: "image/png", Body: []byte("\x89PNG\r\n\x1a\n")},
		"empty":              {ContentType: "image/webp"},
		"larger than we let": {ContentType: "image/webp", Body: append([]byte("RIFF\x10\x00\x00\x00WEBPVP8 "), make([]byte, directus.MaxAvatarSize)...)},
	} {
		t.Run(name, func(t *testing.T) {
			g := open(t, file)
			if answer := g.ask(t, http.MethodGet, g.address); answer.StatusCode != http.StatusNotFound || answer.body != "" {
				t.Errorf("status %d, %d bytes", answer.StatusCode, len(answer.body))
			}
		})
	}
}

func TestDirectusIsAway(t *testing.T) {
	g := open(t, webP)
	g.Directus.Inject(directustest.Fault{Path: "/assets/" + g.file, Status: http.StatusServiceUnavailable, Code: "SERVICE_UNAVAILABLE"})
	answer := g.ask(t, http.MethodGet, g.address)
	if answer.StatusCode != http.StatusServiceUnavailable || answer.Header.Get("Retry-After") == "" || answer.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("status %d, headers %v", answer.StatusCode, answer.Header)
	}
	// Whoever does not wait makes Directus try no more often.
	for range 5 {
		g.ask(t, http.MethodGet, g.address)
	}
	if calls := g.Directus.Calls("/assets/" + g.file); calls != 1 {
		t.Errorf("Directus was asked %d times for a picture that it could not make", calls)
	}
	g.Directus.ClearFaults()
	g.Clock.Advance(10 * time.Second)
	if answer := g.ask(t, http.MethodGet, g.address); answer.StatusCode != http.StatusOK {
		t.Errorf("once it is back: status %d", answer.StatusCode)
	}
}

func TestPresetsOnly(t *testing.T) {
	g := open(t, webP)
	g.Directus.PresetsOnly()
	if answer := g.ask(t, http.MethodGet, g.address); answer.StatusCode != http.StatusOK {
		t.Errorf("status %d", answer.StatusCode)
	}
}

// Many ask for one picture: Directus is asked once.
func TestOneRequestForMany(t *testing.T) {
	g := open(t, webP)
	arrived, hold := make(chan struct{}, 20), make(chan struct{})
	g.Directus.Inject(directustest.Fault{Path: "/assets/" + g.file, Arrived: arrived, Hold: hold})
	answers := make(chan int, 20)
	for range 20 {
		go func() {
			request, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, g.address, nil)
			response, err := http.DefaultTransport.RoundTrip(request)
			if err != nil {
				answers <- 0
				return
			}
			_ = response.Body.Close()
			answers <- response.StatusCode
		}()
	}
	<-arrived
	close(hold)
	for range 20 {
		if status := <-answers; status != http.StatusOK {
			t.Errorf("status %d", status)
		}
	}
	if calls := g.Directus.Calls("/assets/" + g.file); calls != 1 {
		t.Errorf("Directus was asked %d times", calls)
	}
}

func TestPicturesAreOff(t *testing.T) {
	s := providertest.New(t, providertest.Options{})
	s.AddUser(ada)
	web := s.Web(t)
	answer := web.Exchange(s.NewBrowser(t).SignIn(web, ada, map[string]string{"scope": "openid profile"})).WantOK(t)
	if got := s.UserInfo(t, answer.Text("access_token")).WantOK(t).Text("picture"); got != "" {
		t.Errorf("picture %q", got)
	}
	g := &gallery{Server: s}
	if answer := g.ask(t, http.MethodGet, s.Issuer+"/pictures/x.webp"); answer.StatusCode != http.StatusNotFound {
		t.Errorf("status %d", answer.StatusCode)
	}
	for _, on := range []bool{false, true} {
		s := providertest.New(t, providertest.Options{Pictures: on})
		document := s.Send(t, http.MethodGet, "/.well-known/openid-configuration", url.Values(nil), nil).WantOK(t)
		if strings.Contains(document.Raw, `"picture"`) != on {
			t.Errorf("pictures on: %t, and claims_supported says otherwise", on)
		}
	}
}

type sourceFunc func(ctx context.Context) (storage.Picture, error)

func (f sourceFunc) Avatar(ctx context.Context, _ string) (storage.Picture, error) { return f(ctx) }

// A source that hangs is given up.
func TestSlowSource(t *testing.T) {
	links, err := picture.NewLinks("https://id.example.com", time.Now, make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		failure error
		status  int
	}{
		"slow": {context.DeadlineExceeded, http.StatusServiceUnavailable},
		"odd":  {errors.New("odd"), http.StatusInternalServerError},
	} {
		t.Run(name, func(t *testing.T) {
			bounded := false
			router := chi.NewRouter()
			endpoint := &picture.Endpoint{Links: links, Sink: event.Discard, Source: sourceFunc(func(ctx context.Context) (storage.Picture, error) {
				_, bounded = ctx.Deadline()
				return storage.Picture{}, test.failure
			})}
			endpoint.Mount(router)
			recorder := httptest.NewRecorder()
			request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, links.URL("0b2c3d4e-0000-4000-8000-00000000000c"), nil)
			router.ServeHTTP(recorder, request)
			if recorder.Code != test.status || !bounded || recorder.Body.Len() > 0 {
				t.Errorf("status %d, bounded %t, body %q", recorder.Code, bounded, recorder.Body)
			}
		})
	}
}

// A new key signs, the old one is still known.
func TestRotatedSecret(t *testing.T) {
	old, fresh := []byte(strings.Repeat("o", 32)), []byte(strings.Repeat("n", 32))
	router := func(secrets ...[]byte) (*picture.Links, http.Handler) {
		links, err := picture.NewLinks("https://id.example.com", time.Now, secrets...)
		if err != nil {
			t.Fatal(err)
		}
		routes := chi.NewRouter()
		(&picture.Endpoint{Links: links, Sink: event.Discard, Source: sourceFunc(func(context.Context) (storage.Picture, error) { return webP, nil })}).Mount(routes)
		return links, routes
	}
	before, _ := router(old)
	after, both := router(fresh, old)
	_, alone := router(fresh)
	const file = "0b2c3d4e-0000-4000-8000-00000000000c"
	for name, test := range map[string]struct {
		address string
		handler http.Handler
		status  int
	}{
		"the old key's":          {before.URL(file), both, http.StatusOK},
		"the new key's":          {after.URL(file), both, http.StatusOK},
		"the old key is retired": {before.URL(file), alone, http.StatusNotFound},
	} {
		recorder := httptest.NewRecorder()
		test.handler.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodGet, test.address, nil))
		if recorder.Code != test.status {
			t.Errorf("%s: status %d, want %d", name, recorder.Code, test.status)
		}
	}
	if _, err := picture.NewLinks("https://id.example.com", time.Now, []byte("short")); err == nil {
		t.Error("a short secret was taken")
	}
	if got := before.URL("../users"); got != "" {
		t.Errorf("what is no id got %q", got)
	}
}
