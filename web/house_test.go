package web_test

import (
	"context"
	"crypto/rand"
	"flag"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/google/go-cmp/cmp"

	"gatehouse/provider/authorize"
	"gatehouse/provider/event"
	"gatehouse/provider/oauth"
	"gatehouse/provider/session"
	"gatehouse/storage"
	"gatehouse/storage/storagetest"
	"gatehouse/web"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const (
	email    = "ada@example.com"
	password = "correct horse battery staple"
	code     = "287082"
)

// house is the screens with everything around them made up.
type house struct {
	t            testing.TB
	web          *web.Web
	server       *httptest.Server
	browser      *http.Client
	interactions *interactions
	accounts     *accounts
	// oneTimePasswords are those of accounts.
	oneTimePasswords *oneTimePasswords
	desk             *desk
	store            *storage.Store
	events           *events
	clock            *clock
	// address is the network address that requests come from.
	address string
}

// newHouse returns a house with one waiting request, "r1", that wants a sign-in.
func newHouse(t testing.TB, options ...func(*web.Config)) *house {
	t.Helper()
	h := &house{t: t, clock: newClock(), events: &events{}, address: "192.0.2.7"}
	h.accounts = newAccounts(h.clock.Now)
	h.oneTimePasswords = newOneTimePasswords(h.accounts)
	h.interactions = newInteractions()
	h.desk = &desk{accounts: h.accounts, sessions: map[string]storage.Session{}, address: "/login?request=own"}
	h.store = newStore(t, h.clock)
	handles, err := oauth.NewHandles(rand.Reader, make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	router := chi.NewRouter()
	h.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := event.WithRequest(r.Context(), event.Request{ID: "request-1", ClientAddress: h.address, UserAgent: "test"})
		router.ServeHTTP(w, r.WithContext(ctx))
	}))
	t.Cleanup(h.server.Close)
	config := web.Config{
		Issuer: h.server.URL, Accounts: h.accounts, OneTimePasswords: h.oneTimePasswords, Store: h.store, Cookies: session.NewCookies(h.server.URL),
		Handles: handles, Sink: h.events, Now: h.clock.Now, Theme: web.Theme{ProjectName: "Acme"},
		PolicyURL: "https://acme.example/privacy", TermsURL: "https://acme.example/terms", HelpURL: "https://acme.example/help",
	}
	for _, option := range options {
		option(&config)
	}
	if h.web, err = web.New(config); err != nil {
		t.Fatal(err)
	}
	h.web.Routes(router, h.interactions, h.desk)
	h.browser = h.newBrowser()
	h.wait("r1", authorize.PromptLogin)
	return h
}

func newStore(t testing.TB, clock *clock) *storage.Store {
	t.Helper()
	sealer, err := storage.NewSealer(rand.Reader, make([]byte, storage.SealingKeySize))
	if err != nil {
		t.Fatal(err)
	}
	store, err := storage.New(storage.Config{Backend: storagetest.NewMemory(clock.Now), Sealer: sealer, Now: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// wait adds a waiting request of the app "Shop".
func (h *house) wait(handle string, next authorize.Prompt) *authorize.Interaction {
	interaction := &authorize.Interaction{
		Handle: handle, Next: next, ResumeURL: h.server.URL + "/authorize/" + handle, ConsentDigest: "digest-" + handle,
		Request: storage.AuthorizationRequest{
			ID: "id-" + handle, ClientID: "shop", RedirectURI: "https://shop.example/callback",
			Scopes: []string{"openid", "email", "orders:read", "offline_access"},
		},
		Client: storage.Client{
			ID: "shop", Name: "Shop", LogoURI: "https://shop.example/logo.svg", ClientURI: "https://shop.example/",
			PolicyURI: "https://shop.example/privacy", TermsOfServiceURI: "https://shop.example/terms",
		},
		Session: storage.Session{ID: "session-ada", Subject: "ada"},
	}
	h.interactions.put(interaction)
	return interaction
}

func (h *house) newBrowser() *http.Client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		h.t.Fatal(err)
	}
	return &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// answer is a response with its body read.
type answer struct {
	*http.Response
	body string
}

func (h *house) do(request *http.Request) answer {
	h.t.Helper()
	response, err := h.browser.Do(request)
	if err != nil {
		h.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return answer{Response: response, body: string(body)}
}

func (h *house) get(path string, header ...string) answer {
	h.t.Helper()
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, h.server.URL+path, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	return h.do(request)
}

// post sends a form as the screen's own page would.
func (h *house) post(path string, form url.Values, header ...string) answer {
	h.t.Helper()
	request, err := http.NewRequestWithContext(context.Background(), http.MethodPost, h.server.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		h.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	return h.do(request)
}

func (h *house) signIn(user, secret string) answer {
	h.t.Helper()
	return h.post("/login?request=r1", url.Values{"username": {user}, "password": {secret}})
}

// wantTo checks a 303 to the address.
func (h *house) wantTo(got answer, address string) {
	h.t.Helper()
	if got.StatusCode != http.StatusSeeOther || got.Header.Get("Location") != address {
		h.t.Fatalf("answer %d to %q, want 303 to %q", got.StatusCode, got.Header.Get("Location"), address)
	}
}

// wantPage checks the status and that the words are on the page.
func (h *house) wantPage(got answer, status int, words ...string) {
	h.t.Helper()
	if got.StatusCode != status {
		h.t.Errorf("status %d, want %d", got.StatusCode, status)
	}
	for _, w := range words {
		if !strings.Contains(got.body, w) {
			h.t.Errorf("page lacks %q:\n%s", w, got.body)
		}
	}
}

var hashedName = regexp.MustCompile(`(/static/[a-z]+)\.[0-9a-f]{12}`)

// golden compares a page with testdata/<name>.html.
func (h *house) golden(name string, got answer) {
	h.t.Helper()
	body := hashedName.ReplaceAllString(strings.ReplaceAll(got.body, h.server.URL, "https://id.acme.example"), "$1.HASH")
	file := filepath.Join("testdata", name+".html")
	if *update {
		if err := os.WriteFile(file, []byte(body), 0o600); err != nil {
			h.t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		h.t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), body); diff != "" {
		h.t.Errorf("%s differs (-want +got), -update rewrites it:\n%s", file, diff)
	}
}
