package registration

import (
	"encoding/json"
	"errors"
	"testing"
	"unicode/utf8"

	"gatehouse/provider/clients"
	"gatehouse/provider/oauth"
	"gatehouse/storage"
)

// FuzzMetadata: whatever is sent, the reader ends in a client that can be shown and
// read again to the same, or in an error that a client may see.
func FuzzMetadata(f *testing.F) {
	for _, seed := range []string{
		"", "null", "[]", "{}", `{"a":1,"a":2}`, `{"redirect_uris":["https://app.example/cb"]}`, `{"redirect_uris":"x"}`,
		`{"jwks":{"keys":[]},"default_max_age":1e3}`, `{"client_name":null,"contacts":[null]}`, `{"scope":"openid x"}`,
		`{"redirect_uris":["https://app.example/cb"],"token_endpoint_auth_method":"none","contacts":["a"],"default_max_age":1}`,
		`{"redirect_uris":["https://app.example/cb"],"token_endpoint_auth_method":"none","response_types":["token code"],"require_auth_time":true,"jwks_uri":"https://app.example/jwks"}`,
	} {
		f.Add([]byte(seed))
	}
	e := &Endpoint{Config: Config{Address: "https://op.example/clients", Scopes: []string{"openid"}, Rules: clients.Rules{
		GrantTypes: []string{"authorization_code", "implicit"}, ResponseTypes: oauth.ResponseTypes(), AuthMethods: []string{"none", "client_secret_basic"},
	}}}
	read := func(body []byte) (storage.Client, error) {
		given, err := parseMembers(body)
		if err != nil {
			return storage.Client{}, err
		}
		client, err := e.read(given, storage.Client{ID: "app", Registered: storage.RegisteredOpenly})
		if err != nil {
			return client, err
		}
		return client, e.validate(client)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		client, err := read(body)
		if err != nil {
			refusal, ok := errors.AsType[*oauth.Error](err)
			if !ok || refusal.Code != oauth.InvalidClientMetadata && refusal.Code != oauth.InvalidRedirectURI || !utf8.ValidString(refusal.Description) {
				t.Fatalf("error %v", err)
			}
			return
		}
		shown, err := json.Marshal(e.shown(client, "token", ""))
		if err != nil {
			t.Fatal(err)
		}
		again, err := read(shown)
		if err != nil {
			t.Fatalf("%s is refused: %v", shown, err)
		}
		if second, err := json.Marshal(e.shown(again, "token", "")); err != nil || string(second) != string(shown) {
			t.Fatalf("%s became %s", shown, second)
		}
	})
}
