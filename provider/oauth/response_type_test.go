package oauth_test

import (
	"slices"
	"strings"
	"testing"

	"gatehouse/provider/oauth"
)

func TestNormalResponseType(t *testing.T) {
	for asked, want := range map[string]string{
		"code": "code", "token id_token code": "code id_token token", "id_token  code": "code id_token", " token id_token ": "id_token token",
		"": "", "  ": "", "code code": "code code", "none": "none", "CODE id_token": "CODE id_token",
	} {
		if got := oauth.NormalResponseType(asked); got != want {
			t.Errorf("%q is %q, want %q", asked, got, want)
		}
	}
}

func TestResponseTypesAreNormal(t *testing.T) {
	for _, responseType := range oauth.ResponseTypes() {
		if oauth.NormalResponseType(responseType) != responseType {
			t.Errorf("%q is not normal", responseType)
		}
	}
}

// FuzzNormalResponseType: what comes out as one of ours holds exactly its values,
// each once, and the answer to it holds nothing that was not asked for.
func FuzzNormalResponseType(f *testing.F) {
	for _, seed := range append(oauth.ResponseTypes(), "", "token", "code code", "token\tcode", "code\x00", "id_token\u00a0token", "code,token") {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, asked string) {
		normal := oauth.NormalResponseType(asked)
		if again := oauth.NormalResponseType(normal); again != normal {
			t.Fatalf("%q is %q, and that is %q", asked, normal, again)
		}
		if !slices.Contains(oauth.ResponseTypes(), normal) {
			return
		}
		values := strings.Fields(asked)
		for value, returned := range map[string]bool{
			"code": oauth.ReturnsCode(normal), "id_token": oauth.ReturnsIDToken(normal), "token": oauth.ReturnsAccessToken(normal),
		} {
			if returned != slices.Contains(values, value) {
				t.Fatalf("%q as %q: %s is %v", asked, normal, value, returned)
			}
			values = slices.DeleteFunc(values, func(v string) bool { return v == value })
		}
		if len(values) > 0 {
			t.Fatalf("%q passes as %q", asked, normal)
		}
	})
}
