package authorize_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"gatehouse/provider/oauth"
	"gatehouse/provider/providertest"
	"gatehouse/storage"
)

func TestRequestObject(t *testing.T) {
	w := startObjects(t, nil)
	browser := w.signedIn(t)
	page := w.ask(browser, w.object(t, nil), nil)
	if got := page.Sent(t).Get("state"); got != "inner" {
		t.Errorf("state %q, want that of the object", got)
	}
	tokens := w.rp.Exchange(page.Code(t)).WantOK(t)
	if got := w.Verify(t, tokens.Text("id_token")).Claims["nonce"]; got != "inner-nonce" {
		t.Errorf("nonce %v, want that of the object", got)
	}
}

// The parameters inside supersede those beside, and those beside fill in.
func TestRequestObjectIsLaidOverTheRest(t *testing.T) {
	w := startObjects(t, nil)
	browser := w.signedIn(t)
	page := w.ask(browser, w.object(t, map[string]any{"state": nil, "nonce": nil, "scope": "openid email"}), nil)
	if got := page.Sent(t).Get("state"); got != "outer" {
		t.Errorf("state %q", got)
	}
	tokens := w.rp.Exchange(page.Code(t)).WantOK(t)
	if got := w.Verify(t, tokens.Text("id_token")).Claims["nonce"]; got != "outer-nonce" {
		t.Errorf("nonce %v", got)
	}
	userinfo := w.UserInfo(t, tokens.Text("access_token")).WantOK(t)
	if userinfo.JSON["email"] != ada || userinfo.JSON["name"] != nil {
		t.Errorf("userinfo %s, want scope openid email", userinfo.Raw)
	}
}

// oidcc-ensure-request-object-with-redirect-uri: the redirect_uri of the object wins
// over a bad one beside it, and over none.
func TestRequestObjectWithRedirectURI(t *testing.T) {
	w := startObjects(t, nil)
	browser := w.signedIn(t)
	object := w.object(t, map[string]any{"redirect_uri": signerOtherURI})
	for _, beside := range []string{"", "https://evil.example/", signerRedirectURI, signerOtherURI} {
		delivered := w.ask(browser, object, map[string]string{"redirect_uri": beside}).Delivered(t)
		if !strings.HasPrefix(delivered.Address, signerOtherURI+"?") || delivered.Parameters.Get("code") == "" {
			t.Errorf("redirect_uri %q beside: the answer went to %s", beside, delivered.Address)
		}
	}
	t.Run("that is not registered", func(t *testing.T) {
		object := w.object(t, map[string]any{"redirect_uri": "https://evil.example/"})
		w.ask(browser, object, nil).WantPage(t, http.StatusBadRequest, oauth.InvalidRequest)
	})
}

func TestRequestObjectsThatPass(t *testing.T) {
	w := startObjects(t, func(_ *storage.Client, w *objectWorld) {
		w.keys[jose.RS256] = newKey(t, jose.RS256)
		w.keys[jose.PS256] = w.keys[jose.RS256]
	})
	browser := w.signedIn(t)
	now := w.Clock.Now().Unix()
	for name, change := range map[string]map[string]any{
		"only parameters":              {"iss": nil, "aud": nil, "exp": nil, "nbf": nil, "iat": nil, "jti": nil},
		"aud a list":                   {"aud": []string{"https://else.example", w.Issuer}},
		"expired within the skew":      {"exp": now - 9},
		"nbf within the skew":          {"nbf": now + 8},
		"iat within the skew":          {"iat": now + 8},
		"sub another one":              {"sub": "somebody"},
		"client_id again":              {"client_id": signerID},
		"response_type again":          {"response_type": "code"},
		"max_age a number":             {"max_age": 1000},
		"max_age a string":             {"max_age": "1000"},
		"claims an object":             {"claims": map[string]any{"userinfo": map[string]any{"name": nil}}},
		"one resource":                 {"resource": "https://one.example"},
		"two resources":                {"resource": []string{"https://one.example", "https://two.example"}},
		"an empty string":              {"max_age": "", "redirect_uri": ""},
		"unknown parameter":            {"vendor": "x"},
		"unknown parameter, an object": {"vendor": map[string]any{"a": 1}},
	} {
		t.Run(name, func(t *testing.T) {
			w.ask(browser, w.object(t, change), nil).Code(t)
		})
	}
	for _, typ := range []string{"", "JWT", "jwt", "oauth-authz-req+jwt", "application/oauth-authz-req+jwt"} {
		t.Run("typ "+typ, func(t *testing.T) {
			w.ask(browser, w.sign(t, jose.ES256, typ, w.statement(nil)), nil).Code(t)
		})
	}
	for algorithm := range w.keys {
		t.Run(string(algorithm), func(t *testing.T) {
			w.ask(browser, w.sign(t, algorithm, "", w.statement(nil)), nil).Code(t)
		})
	}
	t.Run("by POST", func(t *testing.T) {
		parameters := w.beside(nil)
		parameters.Set("request", w.object(t, nil))
		if got := browser.PostFromElsewhere(w.Issuer+"/authorize", parameters).Sent(t); got.Get("code") == "" || got.Get("state") != "inner" {
			t.Errorf("the client got %v", got)
		}
	})
}

// What is wrong with the object is told to the redirect_uri beside it, with the state
// and by the response mode beside it.
func TestRequestObjectsThatAreRefused(t *testing.T) {
	w := startObjects(t, nil)
	browser := w.signedIn(t)
	now := w.Clock.Now().Unix()
	stranger := jose.JSONWebKey{Key: newKey(t, jose.ES256), KeyID: string(jose.ES256)}
	statement, err := json.Marshal(w.statement(nil))
	if err != nil {
		t.Fatal(err)
	}
	good := w.object(t, nil)
	unsigned := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + base64.RawURLEncoding.EncodeToString(statement) + "."
	objects := map[string]string{
		"nonsense":                  "nonsense",
		"alg none":                  unsigned,
		"alg none with a signature": unsigned + "AAAA",
		"HS256 with the secret":     signBytes(t, jose.HS256, jose.JSONWebKey{Key: []byte(signerSecret)}, "", statement),
		"signed by a stranger":      signBytes(t, jose.ES256, stranger, "", statement),
		"unknown kid":               signBytes(t, jose.ES256, jose.JSONWebKey{Key: w.keys[jose.ES256], KeyID: "x"}, "", statement),
		"changed":                   good[:len(good)-4] + "AAAA",
		"typ of an access token":    w.sign(t, jose.ES256, "at+jwt", w.statement(nil)),
		"typ of a DPoP proof":       w.sign(t, jose.ES256, "dpop+jwt", w.statement(nil)),
		"no object":                 w.sign(t, jose.ES256, "", []string{"x"}),
		"no JSON":                   signBytes(t, jose.ES256, jose.JSONWebKey{Key: w.keys[jose.ES256], KeyID: "ES256"}, "", []byte("{")),
		"a member twice":            signBytes(t, jose.ES256, jose.JSONWebKey{Key: w.keys[jose.ES256], KeyID: "ES256"}, "", []byte(`{"state":"a","state":"b"}`)),
		"too long":                  w.object(t, map[string]any{"vendor": strings.Repeat("x", 30<<10)}),
	}
	for name, change := range map[string]map[string]any{
		"iss of another":                {"iss": "web"},
		"iss no string":                 {"iss": 1},
		"aud of another":                {"aud": "https://else.example"},
		"aud empty":                     {"aud": []string{}},
		"aud no string":                 {"aud": 1},
		"expired":                       {"exp": now - 11},
		"exp no number":                 {"exp": "tomorrow"},
		"nbf in the future":             {"nbf": now + 60},
		"iat in the future":             {"iat": now + 60},
		"sub the client_id":             {"sub": signerID},
		"sub no string":                 {"sub": 1},
		"request inside":                {"request": "x"},
		"request_uri inside":            {"request_uri": "https://signer.example/object"},
		"request inside, no string":     {"request": 1},
		"client_id of another":          {"client_id": "web"},
		"client_id no string":           {"client_id": 1},
		"response_type of another kind": {"response_type": "code id_token"},
		"state no string":               {"state": 1},
		"nonce no string":               {"nonce": map[string]any{}},
		"prompt a list":                 {"prompt": []string{"none"}},
		"scope a list":                  {"scope": []string{"openid"}},
		"redirect_uri a list":           {"redirect_uri": []string{signerRedirectURI}},
		"max_age a fraction":            {"max_age": 1.5},
		"max_age negative":              {"max_age": -1},
		"max_age a list":                {"max_age": []int{1}},
		"claims a list":                 {"claims": []string{"name"}},
		"resource a number":             {"resource": 1},
		"resources of no text":          {"resource": []any{"https://one.example", 1}},
		"resources without end":         {"resource": slices.Repeat([]string{"https://one.example"}, 21)},
	} {
		objects[name] = w.object(t, change)
	}
	for name, object := range objects {
		t.Run(name, func(t *testing.T) {
			for _, mode := range []string{"", "fragment", "form_post"} {
				got := w.ask(browser, object, map[string]string{"response_mode": mode}).Delivered(t)
				wantRefusal(t, w.Server, got, mode, w.rp, oauth.InvalidRequestObject, "outer")
			}
			w.ask(browser, object, map[string]string{"redirect_uri": "https://evil.example/"}).
				WantPage(t, http.StatusBadRequest, oauth.InvalidRequestObject)
			w.ask(browser, object, map[string]string{"redirect_uri": ""}).
				WantPage(t, http.StatusBadRequest, oauth.InvalidRequestObject)
		})
	}
}

// What stands beside the object is a request of its own (OpenID Connect Core 1.0,
// section 6.1).
func TestRequestObjectNeedsARequestBesideIt(t *testing.T) {
	w := startObjects(t, nil)
	browser, object := w.signedIn(t), w.object(t, map[string]any{"client_id": signerID, "response_type": "code", "scope": "openid"})
	for name, change := range map[string]func(url.Values){
		"response_type missing": func(p url.Values) { p.Del("response_type") },
		"scope missing":         func(p url.Values) { p.Del("scope") },
		"request twice":         func(p url.Values) { p.Add("request", object) },
		"request_uri as well":   func(p url.Values) { p.Set("request_uri", "https://signer.example/object") },
		"request_uri twice":     func(p url.Values) { p["request_uri"] = []string{"", ""} },
		"scope twice":           func(p url.Values) { p.Add("scope", "openid") },
	} {
		t.Run(name, func(t *testing.T) {
			parameters := w.beside(nil)
			parameters.Set("request", object)
			change(parameters)
			browser.Get(w.Issuer+"/authorize?"+parameters.Encode()).WantError(t, oauth.InvalidRequest)
		})
	}
	t.Run("client_id missing", func(t *testing.T) {
		w.ask(browser, object, map[string]string{"client_id": ""}).WantPage(t, http.StatusBadRequest, oauth.InvalidRequest)
	})
}

// Every other check sees what is in the object.
func TestChecksSeeWhatIsInTheObject(t *testing.T) {
	w := startObjects(t, nil)
	browser := w.signedIn(t)
	for name, test := range map[string]struct {
		change map[string]any
		error  string
	}{
		"registration":       {map[string]any{"registration": map[string]any{}}, oauth.RegistrationNotSupported},
		"response_mode":      {map[string]any{"response_mode": "web_message"}, oauth.InvalidRequest},
		"prompt":             {map[string]any{"prompt": "none login"}, oauth.InvalidRequest},
		"scope":              {map[string]any{"scope": "nonsense"}, oauth.InvalidScope},
		"nonce too long":     {map[string]any{"nonce": strings.Repeat("x", 1025)}, oauth.InvalidRequest},
		"PKCE plain":         {map[string]any{"code_challenge_method": "plain"}, oauth.InvalidRequest},
		"resource of others": {map[string]any{"resource": []string{"https://one.example", "https://evil.example"}}, oauth.InvalidTarget},
		"id_token_hint":      {map[string]any{"id_token_hint": "x"}, oauth.InvalidRequest},
	} {
		t.Run(name, func(t *testing.T) {
			page := w.ask(browser, w.object(t, test.change), nil)
			page.WantError(t, test.error)
			if got := page.Sent(t).Get("state"); got != "inner" {
				t.Errorf("state %q", got)
			}
		})
	}
	t.Run("state too long", func(t *testing.T) {
		w.ask(browser, w.object(t, map[string]any{"state": strings.Repeat("x", 4097)}), nil).WantError(t, oauth.InvalidRequest)
	})
	t.Run("state too long beside a good one", func(t *testing.T) {
		w.ask(browser, w.object(t, nil), map[string]string{"state": strings.Repeat("x", 4097)}).Code(t)
	})
}

// OpenID Connect Dynamic Client Registration 1.0, section 2: an object that is
// signed by another algorithm than the registered one is refused.
func TestRequestObjectSigningAlgorithm(t *testing.T) {
	for registered, passes := range map[string]jose.SignatureAlgorithm{"ES256": jose.ES256, "EdDSA": jose.EdDSA, "none": "", "HS256": ""} {
		t.Run(registered, func(t *testing.T) {
			w := startObjects(t, func(client *storage.Client, _ *objectWorld) { client.RequestObjectSigningAlg = registered })
			browser := w.signedIn(t)
			statement, err := json.Marshal(w.statement(nil))
			if err != nil {
				t.Fatal(err)
			}
			for _, algorithm := range []jose.SignatureAlgorithm{jose.ES256, jose.EdDSA, jose.HS256, "none"} {
				object := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + base64.RawURLEncoding.EncodeToString(statement) + "."
				switch algorithm {
				case "none":
				case jose.HS256:
					object = signBytes(t, jose.HS256, jose.JSONWebKey{Key: []byte(signerSecret)}, "", statement)
				default:
					object = w.sign(t, algorithm, "", w.statement(nil))
				}
				page := w.ask(browser, object, nil)
				if algorithm == passes {
					page.Code(t)
					continue
				}
				page.WantError(t, oauth.InvalidRequestObject)
			}
		})
	}
}

// A client without keys cannot have signed anything.
func TestRequestObjectOfClientWithoutKeys(t *testing.T) {
	w := startObjects(t, nil)
	web := w.Web(t)
	object := w.sign(t, jose.ES256, "", map[string]any{"iss": providertest.WebID, "state": "inner"})
	w.NewBrowser(t).Get(web.AuthorizationURL(map[string]string{"request": object})).WantError(t, oauth.InvalidRequestObject)
}
