package authorize_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"gatehouse/provider/oauth"
	"gatehouse/provider/providertest"
	"gatehouse/storage"
)

// byReference starts a client with the request_uris at its site.
func byReference(t *testing.T, references ...string) *objectWorld {
	t.Helper()
	return startObjects(t, func(client *storage.Client, w *objectWorld) {
		for _, reference := range references {
			if strings.HasPrefix(reference, "/") {
				reference = w.site.URL + reference
			}
			client.RequestURIs = append(client.RequestURIs, reference)
		}
	})
}

// askAt opens the authorization endpoint with an object by reference.
func (w *objectWorld) askAt(browser *providertest.Browser, reference string, change map[string]string) *providertest.Page {
	parameters := w.beside(change)
	parameters.Set("request_uri", reference)
	return browser.Get(w.Issuer + "/authorize?" + parameters.Encode())
}

func digestOf(document string) string {
	sum := sha256.Sum256([]byte(document))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// oidcc-request-uri-signed-rs256: the address is registered with a fragment and
// fetched without; state and nonce are only inside. The suite registers before there
// is an object, so that its fragment is the digest of nothing.
func TestRequestURI(t *testing.T) {
	fragment := digestOf("something else")
	w := byReference(t, "/plain", "/marked#"+fragment, "/query?a=b")
	browser := w.signedIn(t)
	for _, path := range []string{"/plain", "/marked#" + fragment, "/query?a=b"} {
		t.Run(path, func(t *testing.T) {
			stored, _, _ := strings.Cut(path, "#")
			stored, _, _ = strings.Cut(stored, "?")
			for round := range 2 {
				// What changes is read anew.
				w.site.put(stored, w.object(t, map[string]any{"state": strings.Repeat("x", round+1)})+"\n")
				page := w.askAt(browser, w.site.URL+path, map[string]string{"state": "", "nonce": ""})
				if page.Code(t) == "" || page.Sent(t).Get("state") != strings.Repeat("x", round+1) {
					t.Errorf("the client got %v", page.Sent(t))
				}
			}
		})
	}
	t.Run("encrypted", func(t *testing.T) {
		w.site.put("/plain", w.encrypt(t, w.object(t, nil), jose.ECDH_ES, jose.A128CBC_HS256))
		w.askAt(browser, w.site.URL+"/plain", nil).Code(t)
	})
	t.Run("by POST", func(t *testing.T) {
		w.site.put("/plain", w.object(t, nil))
		parameters := w.beside(nil)
		parameters.Set("request_uri", w.site.URL+"/plain")
		if browser.PostFromElsewhere(w.Issuer+"/authorize", parameters).Code(t) == "" || w.site.fetches() == 0 {
			t.Error("no code")
		}
	})
}

// A document with its digest in the fragment cannot change, and is kept. Its claims
// are checked again each time.
func TestRequestURIWithItsDigestIsFetchedOnce(t *testing.T) {
	var w *objectWorld
	var object string
	w = startObjects(t, func(client *storage.Client, made *objectWorld) {
		payload := `{"iss":"signer","state":"kept","prompt":"none","exp":` + "4102444800" + `}`
		object = signBytes(t, jose.ES256, jose.JSONWebKey{Key: made.keys[jose.ES256], KeyID: "ES256"}, "", []byte(payload))
		client.RequestURIs = []string{made.site.URL + "/object#" + digestOf(object)}
	})
	w.site.put("/object", object)
	browser := w.signedIn(t)
	for range 3 {
		if page := w.askAt(browser, w.site.URL+"/object#"+digestOf(object), nil); page.Sent(t).Get("state") != "kept" || page.Code(t) == "" {
			t.Errorf("the client got %v", page.Sent(t))
		}
	}
	if got := w.site.fetches(); got != 1 {
		t.Errorf("%d fetches", got)
	}
	w.Clock.Advance(100 * 365 * 24 * time.Hour)
	w.askAt(browser, w.site.URL+"/object#"+digestOf(object), nil).WantError(t, oauth.InvalidRequestObject)
}

// What is not registered is never asked for, or we could be made to call any
// server.
func TestRequestURIThatIsNotRegisteredIsNotFetched(t *testing.T) {
	long := "/" + strings.Repeat("x", 512)
	w := byReference(t, "/object#abc", long, "urn:example:object")
	object := w.object(t, nil)
	for _, path := range []string{"/object", "/other", long} {
		w.site.put(path, object)
	}
	browser := w.signedIn(t)
	for name, reference := range map[string]string{
		"another path":          w.site.URL + "/other",
		"without the fragment":  w.site.URL + "/object",
		"with another fragment": w.site.URL + "/object#abcd",
		"with a query":          w.site.URL + "/object?a=b#abc",
		"in upper case":         strings.ToUpper(w.site.URL) + "/object#abc",
		"of no use":             "nonsense",
		"too long":              w.site.URL + long,
		"a urn":                 "urn:example:object",
		"a urn of pushed ones":  "urn:ietf:params:oauth:request_uri:abc",
		"a file":                "file:///etc/passwd",
		"of another client":     "https://web.example/object",
	} {
		t.Run(name, func(t *testing.T) {
			page := w.askAt(browser, reference, nil)
			page.WantError(t, oauth.InvalidRequestURI)
			if page.Sent(t).Get("state") != "outer" {
				t.Errorf("the client got %v", page.Sent(t))
			}
			w.askAt(browser, reference, map[string]string{"redirect_uri": "https://evil.example/"}).
				WantPage(t, http.StatusBadRequest, oauth.InvalidRequestURI)
		})
	}
	if got := w.site.fetches(); got != 0 {
		t.Errorf("%d fetches", got)
	}
}

func TestRequestURIsThatAreRefused(t *testing.T) {
	w := byReference(t, "/missing", "/long", "/unsigned", "/empty", "http://192.0.2.1/object", "https://localhost:1/object")
	w.site.put("/long", strings.Repeat("x", 33<<10))
	w.site.put("/unsigned", `{"state":"inner"}`)
	w.site.put("/empty", "")
	browser := w.signedIn(t)
	for reference, code := range map[string]string{
		w.site.URL + "/missing":      oauth.InvalidRequestURI,
		w.site.URL + "/long":         oauth.InvalidRequestURI,
		w.site.URL + "/unsigned":     oauth.InvalidRequestObject,
		w.site.URL + "/empty":        oauth.InvalidRequestObject,
		"http://192.0.2.1/object":    oauth.InvalidRequestURI,
		"https://localhost:1/object": oauth.InvalidRequestURI,
	} {
		t.Run(reference, func(t *testing.T) {
			page := w.askAt(browser, reference, nil)
			page.WantError(t, code)
			for _, inside := range []string{"192.0.2.1", "localhost", "127.0.0.1", "refused"} {
				if strings.Contains(page.Sent(t).Get("error_description"), inside) {
					t.Errorf("the client is told %q", page.Sent(t).Get("error_description"))
				}
			}
		})
	}
}

// Whoever knows a request_uri must not be able to hammer on the client's server with
// our hands.
func TestFetchesOfRequestObjectsAreLimited(t *testing.T) {
	w := byReference(t, "/object")
	w.site.put("/object", w.object(t, nil))
	browser := w.signedIn(t)
	limited := 0
	for range 60 {
		if page := w.askAt(browser, w.site.URL+"/object", nil); page.Sent(t).Get("error") == oauth.TemporarilyUnavailable {
			limited++
		}
	}
	if limited != 10 || w.site.fetches() != 50 {
		t.Errorf("%d of 60 refused, %d fetches", limited, w.site.fetches())
	}
	w.Clock.Advance(time.Second)
	w.askAt(browser, w.site.URL+"/object", nil).Code(t)
}

// A request that waits for a person is what the object said when it came: it is
// not read again.
func TestWaitingRequestHoldsWhatTheObjectSaid(t *testing.T) {
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		t.Run(method, func(t *testing.T) {
			w := byReference(t, "/object")
			w.site.put("/object", w.object(t, map[string]any{"prompt": nil, "redirect_uri": signerOtherURI, "scope": "openid"}))
			browser := w.NewBrowser(t)
			parameters := w.beside(nil)
			parameters.Set("request_uri", w.site.URL+"/object")
			var page *providertest.Page
			if method == http.MethodPost {
				page = browser.PostFromElsewhere(w.Issuer+"/authorize", parameters)
			} else {
				page = browser.Get(w.Issuer + "/authorize?" + parameters.Encode())
			}
			w.site.put("/object", "gone")
			w.Clock.Advance(2 * time.Minute) // the object has expired meanwhile
			page = browser.Press(page, "login-submit", map[string]string{"username": ada, "password": providertest.Password})
			got := page.Delivered(t)
			if !strings.HasPrefix(got.Address, signerOtherURI) || got.Parameters.Get("code") == "" || got.Parameters.Get("state") != "inner" {
				t.Errorf("the client got %v at %s", got.Parameters, got.Address)
			}
			if w.site.fetches() != 0 {
				t.Error("the object was fetched again")
			}
		})
	}
}
