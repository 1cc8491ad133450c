package presets

import (
	"fmt"
	"strings"
	"text/template"

	"gatehouse/storage"
)

// Preset is one kind of app.
type Preset struct {
	// Name is the value of --for.
	Name string
	// About is one line of help.
	About string
	// AppURL is where such an app runs on a developer's machine.
	AppURL string
	// client holds the metadata; addresses are added below the app's.
	client storage.Client
	// callback and signedOut are added to the app's address. A native app has
	// addresses of its own.
	callback, signedOut string
	snippet             string
}

// All lists the presets.
func All() []Preset {
	web := storage.Client{
		ApplicationType: "web", GrantTypes: []string{"authorization_code", "refresh_token"}, ResponseTypes: []string{"code"},
		TokenEndpointAuthMethod: "client_secret_basic",
	}
	public := web
	public.TokenEndpointAuthMethod = "none"
	native := public
	native.ApplicationType = "native"
	proxy := web
	// oauth2-proxy reads name and e-mail from the ID token.
	proxy.IDTokenScopeClaims = true
	return []Preset{
		{
			Name: "nextauth", About: "Next.js with NextAuth 4", AppURL: "http://localhost:3000",
			client: web, callback: "/api/auth/callback/gatehouse", signedOut: "/", snippet: nextAuth,
		},
		{
			Name: "authjs", About: "Next.js, SvelteKit, Express … with Auth.js 5", AppURL: "http://localhost:3000",
			client: web, callback: "/api/auth/callback/gatehouse", signedOut: "/", snippet: authJS,
		},
		{
			Name: "spa", About: "a single-page app with oidc-client-ts", AppURL: "http://localhost:5173",
			client: public, callback: "/callback", signedOut: "/", snippet: singlePage,
		},
		{
			Name: "native", About: "a mobile, desktop or command-line app with AppAuth", AppURL: "http://127.0.0.1",
			client: native, callback: "/callback", snippet: nativeApp,
		},
		{
			Name: "oauth2-proxy", About: "any site behind oauth2-proxy", AppURL: "http://localhost:4180",
			client: proxy, callback: "/oauth2/callback", signedOut: "/", snippet: oauth2Proxy,
		},
	}
}

// Find returns the preset with the name.
func Find(name string) (Preset, error) {
	var known []string
	for _, preset := range All() {
		if preset.Name == name {
			return preset, nil
		}
		known = append(known, preset.Name)
	}
	return Preset{}, fmt.Errorf("no preset %q; there are: %s", name, strings.Join(known, ", "))
}

// Client returns the metadata for an app at the address.
func (p Preset) Client(appURL string) storage.Client {
	appURL = strings.TrimSuffix(appURL, "/")
	client := p.client
	client.RedirectURIs = []string{appURL + p.callback}
	if p.signedOut != "" {
		client.PostLogoutRedirectURIs = []string{appURL + p.signedOut}
	}
	return client
}

// Pasting is what a snippet is filled with.
type Pasting struct {
	Issuer, ClientID, Secret, RedirectURI string
	// Scope is what the app should ask for.
	Scope string
}

// Snippet returns what to paste into the app.
func (p Preset) Snippet(pasting Pasting) (string, error) {
	parsed, err := template.New(p.Name).Parse(p.snippet)
	if err != nil {
		return "", fmt.Errorf("snippet %s: %w", p.Name, err)
	}
	var b strings.Builder
	if err := parsed.Execute(&b, pasting); err != nil {
		return "", fmt.Errorf("snippet %s: %w", p.Name, err)
	}
	return b.String(), nil
}
