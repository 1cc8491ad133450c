package authorize_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"gatehouse/provider/providertest"
	"gatehouse/storage"
)

const (
	signerID          = "signer"
	signerSecret      = "signer-secret-0123456789abcdef012345678"
	signerRedirectURI = "https://signer.example/callback"
	signerOtherURI    = "https://signer.example/other"
)

// objectWorld is a provider and a client that signs its requests.
type objectWorld struct {
	*providertest.Server
	rp   *providertest.RelyingParty
	keys map[jose.SignatureAlgorithm]crypto.Signer
	// site is where the client keeps request objects.
	site *site
}

// startObjects starts a provider with the client, as change makes it.
func startObjects(t testing.TB, change func(*storage.Client, *objectWorld)) *objectWorld {
	t.Helper()
	w := &objectWorld{keys: map[jose.SignatureAlgorithm]crypto.Signer{}, site: newSite(t)}
	for _, algorithm := range []jose.SignatureAlgorithm{jose.ES256, jose.EdDSA} {
		w.keys[algorithm] = newKey(t, algorithm)
	}
	client := storage.Client{
		ID: signerID, Name: "Signer", SecretDigests: providertest.Digests(signerSecret), FirstParty: true,
		RedirectURIs: []string{signerRedirectURI, signerOtherURI}, GrantTypes: []string{"authorization_code", "refresh_token"},
		Audience: []string{"https://one.example", "https://two.example"},
	}
	if change != nil {
		change(&client, w)
	}
	client.JWKS = w.jwks(t)
	w.Server = start(t, client)
	w.rp = w.RelyingParty(t, signerID, signerSecret, signerRedirectURI)
	return w
}

func newKey(t testing.TB, algorithm jose.SignatureAlgorithm) crypto.Signer {
	t.Helper()
	var key crypto.Signer
	var err error
	switch algorithm {
	case jose.ES256:
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case jose.EdDSA:
		_, key, err = ed25519.GenerateKey(rand.Reader)
	default:
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	}
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (w *objectWorld) jwks(t testing.TB) json.RawMessage {
	t.Helper()
	var set jose.JSONWebKeySet
	for algorithm, key := range w.keys {
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: key.Public(), KeyID: string(algorithm), Use: "sig"})
	}
	document, err := json.Marshal(set)
	if err != nil {
		t.Fatal(err)
	}
	return document
}

// statement is what every object of the client says, with a change; nil takes a
// member away.
func (w *objectWorld) statement(change map[string]any) map[string]any {
	now := w.Clock.Now().Unix()
	members := map[string]any{
		"iss": signerID, "aud": w.Issuer, "exp": now + 60, "nbf": now, "iat": now, "jti": "1",
		"state": "inner", "nonce": "inner-nonce", "prompt": "none",
	}
	maps.Copy(members, change)
	maps.DeleteFunc(members, func(_ string, value any) bool { return value == nil })
	return members
}

// object signs a statement as the client does.
func (w *objectWorld) object(t testing.TB, change map[string]any) string {
	t.Helper()
	return w.sign(t, jose.ES256, "oauth-authz-req+jwt", w.statement(change))
}

func (w *objectWorld) sign(t testing.TB, algorithm jose.SignatureAlgorithm, typ string, members any) string {
	t.Helper()
	payload, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	return signBytes(t, algorithm, jose.JSONWebKey{Key: w.keys[algorithm], KeyID: string(algorithm)}, typ, payload)
}

func signBytes(t testing.TB, algorithm jose.SignatureAlgorithm, key jose.JSONWebKey, typ string, payload []byte) string {
	t.Helper()
	options := &jose.SignerOptions{}
	if typ != "" {
		options = options.WithType(jose.ContentType(typ))
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key}, options)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	object, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return object
}

// encrypt encrypts an object to the provider's published key.
func (w *objectWorld) encrypt(t testing.TB, object string, algorithm jose.KeyAlgorithm, content jose.ContentEncryption) string {
	t.Helper()
	var set jose.JSONWebKeySet
	if err := json.Unmarshal([]byte(w.Send(t, http.MethodGet, "/jwks", nil, nil).WantOK(t).Raw), &set); err != nil {
		t.Fatal(err)
	}
	for _, key := range set.Keys {
		if key.Use == "enc" {
			return encryptTo(t, key, object, algorithm, content)
		}
	}
	t.Fatal("no key to encrypt to")
	return ""
}

func encryptTo(t testing.TB, key jose.JSONWebKey, object string, algorithm jose.KeyAlgorithm, content jose.ContentEncryption) string {
	t.Helper()
	encrypter, err := jose.NewEncrypter(content, jose.Recipient{Algorithm: algorithm, Key: key.Key, KeyID: key.KeyID},
		(&jose.EncrypterOptions{}).WithContentType("JWT"))
	if err != nil {
		t.Fatal(err)
	}
	encrypted, err := encrypter.Encrypt([]byte(object))
	if err != nil {
		t.Fatal(err)
	}
	jwe, err := encrypted.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return jwe
}

// beside are the parameters beside an object: those of an ordinary request with
// another state.
func (w *objectWorld) beside(change map[string]string) url.Values {
	parameters := w.rp.Parameters(map[string]string{"state": "outer", "nonce": "outer-nonce"})
	for name, value := range change {
		parameters.Del(name)
		if value != "" {
			parameters.Set(name, value)
		}
	}
	return parameters
}

// ask opens the authorization endpoint with an object by value.
func (w *objectWorld) ask(browser *providertest.Browser, object string, change map[string]string) *providertest.Page {
	parameters := w.beside(change)
	parameters.Set("request", object)
	return browser.Get(w.Issuer + "/authorize?" + parameters.Encode())
}

// signedIn is a browser with a session.
func (w *objectWorld) signedIn(t testing.TB) *providertest.Browser {
	t.Helper()
	browser := w.NewBrowser(t)
	browser.SignIn(w.rp, ada, nil)
	return browser
}

// site serves documents and counts how often each is asked for.
type site struct {
	URL       string
	mu        sync.Mutex
	documents map[string]string
	fetched   map[string]int
}

func newSite(t testing.TB) *site {
	t.Helper()
	s := &site{documents: map[string]string{}, fetched: map[string]int{}}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fetched[r.URL.Path]++
	document, ok := s.documents[r.URL.Path]
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	_, _ = w.Write([]byte(document))
}

// put publishes a document, and fetches says how often it was asked for since.
func (s *site) put(path, document string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.documents[path], s.fetched[path] = document, 0
}

func (s *site) fetches() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	total := 0
	for _, n := range s.fetched {
		total += n
	}
	return total
}
