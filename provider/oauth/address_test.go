package oauth_test

import (
	"net/url"
	"testing"

	"gatehouse/provider/oauth"
)

func TestBelow(t *testing.T) {
	for issuer, want := range map[string]string{
		"https://id.example":      "https://id.example/logout",
		"https://id.example/":     "https://id.example/logout",
		"https://id.example/auth": "https://id.example/auth/logout",
	} {
		if got := oauth.Below(issuer, "/logout"); got != want {
			t.Errorf("below %s is %s, want %s", issuer, got, want)
		}
	}
}

// RFC 6749, section 3.1.2: the query of a redirect_uri is kept.
func TestAddQueryKeepsWhatIsThere(t *testing.T) {
	for address, want := range map[string]string{
		"https://app.example/back":          "https://app.example/back?state=a+b",
		"https://app.example/back?":         "https://app.example/back?state=a+b",
		"https://app.example/back?x=%7e&y":  "https://app.example/back?x=%7e&y&state=a+b",
		"com.example.app:/back?state=other": "com.example.app:/back?state=other&state=a+b",
	} {
		if got := oauth.AddQuery(address, url.Values{"state": {"a b"}}); got != want {
			t.Errorf("%s became %s, want %s", address, got, want)
		}
	}
}
