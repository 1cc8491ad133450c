package claims_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/provider/claims"
	"gatehouse/storage"
)

func values(texts ...string) []json.RawMessage {
	var raw []json.RawMessage
	for _, text := range texts {
		raw = append(raw, json.RawMessage(text))
	}
	return raw
}

func TestParseRequest(t *testing.T) {
	for name, test := range map[string]struct {
		text string
		want storage.ClaimsRequest
	}{
		"the example of section 5.5": {
			`{"userinfo":{"given_name":{"essential":true},"nickname":null,"email":{"essential":true},"picture":null,"http://example.info/claims/groups":null},
			"id_token":{"auth_time":{"essential":true},"acr":{"values":["urn:mace:incommon:iap:silver"]}}}`,
			storage.ClaimsRequest{
				UserInfo: map[string]storage.ClaimRequest{"given_name": {Essential: true}, "nickname": {}, "email": {Essential: true}, "picture": {}},
				IDToken:  map[string]storage.ClaimRequest{"acr": {Values: values(`"urn:mace:incommon:iap:silver"`)}},
			},
		},
		"nothing":                   {`{}`, storage.ClaimsRequest{}},
		"members that nobody knows": {`{"verified_claims":{"claims":{"name":[1,2]}},"userinfo":{"name":{"purpose":"x"}}}`, storage.ClaimsRequest{UserInfo: map[string]storage.ClaimRequest{"name": {}}}},
		"value and values":          {`{"id_token":{"sub":{"value":"a","values":["b","c"]}}}`, storage.ClaimsRequest{IDToken: map[string]storage.ClaimRequest{"sub": {Values: values(`"a"`, `"b"`, `"c"`)}}}},
		"values of any kind":        {`{"userinfo":{"email_verified":{"value":true},"updated_at":{"value":12},"address":{"value":{"country":"UK"}}}}`, storage.ClaimsRequest{UserInfo: map[string]storage.ClaimRequest{"email_verified": {Values: values(`true`)}, "updated_at": {Values: values(`12`)}, "address": {Values: values(`{"country":"UK"}`)}}}},
		"space around it":           {" \n{\"userinfo\" : { \"name\" : null } }\t", storage.ClaimsRequest{UserInfo: map[string]storage.ClaimRequest{"name": {}}}},
		"a language":                {`{"userinfo":{"family_name#ja-Kana-JP":null}}`, storage.ClaimsRequest{UserInfo: map[string]storage.ClaimRequest{}}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := claims.ParseRequest(test.text)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseRequestRefuses(t *testing.T) {
	many := make([]string, 65)
	for i := range many {
		many[i] = `"n` + strings.Repeat("x", i) + `":null`
	}
	for name, text := range map[string]string{
		"no text":                   "",
		"no JSON":                   "name email",
		"half an object":            `{"userinfo":{"name":null}`,
		"two objects":               `{}{}`,
		"something behind":          `{} x`,
		"an array":                  `[]`,
		"null":                      `null`,
		"a member that is null":     `{"userinfo":null}`,
		"a member that is a list":   `{"id_token":["name"]}`,
		"a claim that is a text":    `{"userinfo":{"name":"essential"}}`,
		"a claim that is a list":    `{"userinfo":{"name":[]}}`,
		"an unknown claim, a truth": `{"userinfo":{"nonsense":true}}`,
		"essential as a text":       `{"userinfo":{"name":{"essential":"true"}}}`,
		"essential as null":         `{"userinfo":{"name":{"essential":null}}}`,
		"values as a text":          `{"id_token":{"acr":{"values":"a"}}}`,
		"no values":                 `{"id_token":{"acr":{"values":[]}}}`,
		"a number for sub":          `{"id_token":{"sub":{"value":7}}}`,
		"null for sub":              `{"id_token":{"sub":{"value":null}}}`,
		"a list for sub":            `{"userinfo":{"sub":{"values":["a",["b"]]}}}`,
		"a truth for acr":           `{"id_token":{"acr":{"essential":true,"value":true}}}`,
		"a member twice":            `{"userinfo":{"name":null},"userinfo":{"email":null}}`,
		"a claim twice":             `{"userinfo":{"name":null,"name":{"essential":true}}}`,
		"a member of a claim twice": `{"id_token":{"sub":{"value":"a","value":"b"}}}`,
		"too deep":                  `{"userinfo":{"name":{"value":` + strings.Repeat("[", 5) + strings.Repeat("]", 5) + `}}}`,
		"very deep":                 strings.Repeat(`{"a":`, 1300) + "1" + strings.Repeat("}", 1300),
		"too many names":            `{"userinfo":{` + strings.Join(many, ",") + `}}`,
		"too many values":           `{"id_token":{"acr":{"values":[` + strings.Repeat(`"a",`, 32) + `"a"]}}}`,
		"too long":                  `{"userinfo":{"name":{"value":"` + strings.Repeat("x", 8192) + `"}}}`,
		"a comma too many":          `{"userinfo":{"name":null,}}`,
	} {
		t.Run(name, func(t *testing.T) {
			got, err := claims.ParseRequest(text)
			if !errors.Is(err, claims.ErrRequest) {
				t.Fatalf("got %v, %v", got, err)
			}
			for _, sent := range []string{"nonsense", "essential\"", "xxx"} {
				if strings.Contains(err.Error(), sent) {
					t.Errorf("the error repeats what was sent: %v", err)
				}
			}
		})
	}
}

// FuzzParseRequest feeds it whatever: what it takes is within the bounds and reads
// the same when it is stored and sent again.
func FuzzParseRequest(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"userinfo":{"name":{"essential":true}}}`, `{"id_token":{"sub":{"value":"a"},"acr":{"essential":true,"values":["a","b"]}}}`,
		`{"userinfo":{"address":{"value":{"country":"UK"}}}}`, `[`, `{"a":{"b":{"c":{"d":{"e":{"f":1}}}}}}`, "{\"userinfo\":{\"\xff\":null}}", `{"userinfo":{"updated_at":{"value":1e999}}}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		request, err := claims.ParseRequest(text)
		if err != nil {
			if !errors.Is(err, claims.ErrRequest) || len(err.Error()) > 100 {
				t.Fatalf("the error is %v", err)
			}
			return
		}
		if len(text) > 8192 {
			t.Fatalf("took %d bytes", len(text))
		}
		for _, member := range []map[string]storage.ClaimRequest{request.UserInfo, request.IDToken} {
			for name, claim := range member {
				if len(claim.Values) > 33 {
					t.Fatalf("%s has %d values", name, len(claim.Values))
				}
			}
		}
		stored, err := json.Marshal(request)
		if err != nil {
			t.Fatalf("what was taken cannot be stored: %v", err)
		}
		again, err := claims.ParseRequest(string(stored))
		if len(stored) <= 8192 && err == nil && len(again.UserInfo) != len(request.UserInfo) {
			t.Fatalf("%q was read as %s and then as %v", text, stored, again)
		}
	})
}
