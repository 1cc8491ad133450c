package conformance

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Addresses that a client shows people. They are never fetched here.
const (
	logoURI   = "https://client.example/logo.png"
	policyURI = "https://client.example/policy"
	termsURI  = "https://client.example/terms"
)

func registrationLogo(m *module)   { m.shows("logo_uri", logoURI, `src="`+logoURI+`"`) }
func registrationPolicy(m *module) { m.shows("policy_uri", policyURI, `href="`+policyURI+`"`) }
func registrationTerms(m *module)  { m.shows("tos_uri", termsURI, `href="`+termsURI+`"`) }

// shows registers an address that the sign-in page has to show.
func (m *module) shows(name, address, anchor string) {
	m.Helper()
	m.register(map[string]any{name: address})
	if m.client.registered[name] != address {
		m.Errorf("%s is registered as %v", name, m.client.registered[name])
	}
	request := m.request(nil)
	page := m.open(request)
	m.checkSignInPage(page)
	if !strings.Contains(page.Body, anchor) {
		m.Errorf("the page does not show %s", anchor)
	}
	target, err := url.Parse(address)
	if err != nil {
		m.Fatal(err)
	}
	if name == "logo_uri" && !allows(page, target, "img-src", "default-src") {
		m.Errorf("the page must not load the logo: %s", page.Header.Get("Content-Security-Policy"))
	}
	m.finish(request, m.pass(page))
}

// registrationKeys authenticates by keys that the provider has to fetch.
func registrationKeys(m *module) {
	address := m.suite.publishKeys(m, m.path+"/jwks", m.suite.keys[1])
	m.register(map[string]any{"jwks_uri": address})
	m.client.key = m.suite.keys[1]
	m.signIn(nil)
	if len(m.suite.called(m.path+"/jwks")) == 0 {
		m.Error("jwks_uri was not fetched")
	}
}

// clientRotatesKeys replaces the key at the jwks_uri between two assertions.
func clientRotatesKeys(m *module) {
	address := m.suite.publishKeys(m, m.path+"/jwks", m.suite.keys[0])
	grants := []string{"authorization_code", "refresh_token"}
	if m.ResponseType != Code {
		grants = append(grants, "implicit")
	}
	m.register(map[string]any{"jwks_uri": address, "grant_types": grants})
	a := m.signIn(map[string]string{"scope": "openid offline_access", "prompt": "consent"})
	m.suite.publishKeys(m, m.path+"/jwks", m.suite.keys[1])
	m.client.key = m.suite.keys[1]
	m.provider.Clock.Advance(time.Minute)
	m.refreshOnce(a)
}

func (m *module) sector(redirectURIs ...string) string {
	m.Helper()
	document, err := json.Marshal(redirectURIs)
	if err != nil {
		m.Fatal(err)
	}
	return m.suite.publish(m.path+"/sector", string(document))
}

func (m *module) checkPairwise() {
	m.Helper()
	if !slices.Contains(m.metadata.list("subject_types_supported"), "pairwise") {
		m.Error("subject_types_supported lacks pairwise")
	}
}

func registrationSector(m *module) {
	m.checkPairwise()
	callback := site + m.path + "/callback"
	m.register(map[string]any{"subject_type": "pairwise", "sector_identifier_uri": m.sector("https://elsewhere.example/callback", callback)})
	if len(m.suite.called(m.path+"/sector")) == 0 {
		m.Error("sector_identifier_uri was not fetched")
	}
	a := m.signIn(nil)
	for _, j := range a.idTokens() {
		if j.text("sub") == m.world.directus.Subject {
			m.Error("sub is the user's id")
		}
	}
	if issued := a.accessToken(); issued != "" {
		checkUserInfo(m, m.userInfo(issued), a.idTokens()...)
	}
}

func registrationSectorBad(m *module) {
	m.checkPairwise()
	refused := m.tryRegister(map[string]any{"subject_type": "pairwise", "sector_identifier_uri": m.sector("https://elsewhere.example/callback")})
	checkRegistrationRefused(m, refused, "invalid_client_metadata")
}

// initiateLogin wants the address back, now and when the registration is read.
func initiateLogin(m *module) {
	address := site + m.path + "/login"
	m.register(map[string]any{"initiate_login_uri": address})
	if m.client.registered["initiate_login_uri"] != address {
		m.Errorf("initiate_login_uri is %v", m.client.registered["initiate_login_uri"])
	}
	at, _ := m.client.registered["registration_client_uri"].(string)
	with, _ := m.client.registered["registration_access_token"].(string)
	if at == "" || with == "" {
		m.Fatal("the registration cannot be read")
	}
	read := m.get(at, http.Header{"Authorization": {"Bearer " + with}}).WantOK(m)
	checkJSON(m, read)
	if read.Text("initiate_login_uri") != address || read.Text("client_id") != m.client.id {
		m.Errorf("the registration reads %s", read.Raw)
	}
	// Where it was replaced, the one that is deleted with is the last.
	if next := read.Text("registration_access_token"); next != "" {
		m.client.registered["registration_access_token"] = next
	}
}

func initiateLoginPlain(m *module) {
	refused := m.tryRegister(map[string]any{"initiate_login_uri": "http://client.example/login"})
	checkRegistrationRefused(m, refused, "invalid_client_metadata")
}

func redirectURIFragment(m *module) {
	refused := m.tryRegister(map[string]any{"redirect_uris": []string{site + m.path + "/callback#foobar"}})
	checkRegistrationRefused(m, refused, "invalid_redirect_uri", "invalid_client_metadata")
}

func redirectURIQuery(m *module) {
	callback := site + m.path + "/callback?foo=bar"
	m.register(map[string]any{"redirect_uris": []string{callback}})
	m.signIn(nil)
}

func redirectURIQueryMismatch(m *module) {
	callback := site + m.path + "/callback"
	m.register(map[string]any{"redirect_uris": []string{callback + "?foo=bar"}})
	for _, changed := range []string{callback + "?bar=foo", callback + "?foo=baz", callback} {
		m.checkRefusedRedirect(m.open(m.request(map[string]string{"redirect_uri": changed})))
	}
}

func redirectURIQueryAdded(m *module) {
	callback := site + m.path + "/callback"
	m.register(map[string]any{"redirect_uris": []string{callback}})
	m.checkRefusedRedirect(m.open(m.request(map[string]string{"redirect_uri": callback + "?foo=bar"})))
}

func redirectURIMissing(m *module) {
	callback := site + m.path + "/callback"
	m.register(map[string]any{"redirect_uris": []string{callback, callback + "/2"}})
	m.checkRefusedRedirect(m.open(m.request(map[string]string{"redirect_uri": ""})))
}

func issuerAsAudience(m *module) {
	m.register(nil)
	m.client.audience = m.metadata.text("issuer")
	m.signIn(nil)
}

// rotateKeys has the operator replace the signing keys while clients hold tokens
// that the old ones signed.
func rotateKeys(m *module) {
	before := m.keys
	if _, err := m.provider.Keys.Rotate(lasting(m), true); err != nil {
		m.Fatalf("rotate: %v", err)
	}
	m.keys = fetchKeys(m, m.provider, m.metadata)
	for _, key := range before.Keys {
		// Nobody shall encrypt by an old key.
		if key.Use == "sig" && len(m.keys.Key(key.KeyID)) == 0 {
			m.Errorf("the old key %s is not published any more", key.KeyID)
		}
	}
	m.register(nil)
	for _, j := range m.signIn(nil).idTokens() {
		if len(before.Key(j.Header.KeyID)) != 0 {
			m.Errorf("the ID token is signed by the old key %s", j.Header.KeyID)
		}
	}
}
