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

func TestIsLoopback(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "LOCALHOST": true, "127.0.0.1": true, "::1": true, "[::1]": true,
		"127.0.0.2": false, "127.8.9.1": false, "localhost.": false, "localhost.evil.example": false, "127.0.0.1.evil.example": false,
		"0.0.0.0": false, "10.0.0.1": false, "": false, "2130706433": false, "::ffff:127.0.0.1": false,
	} {
		if got := oauth.IsLoopback(host); got != want {
			t.Errorf("IsLoopback(%q) = %v, want %v", host, got, want)
		}
	}
}
