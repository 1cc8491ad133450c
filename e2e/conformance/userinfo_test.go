package conformance

import (
	"net/http"
	"regexp"
	"testing"

	"gatehouse/provider/providertest"
)

// standardClaims are the claims of the scopes (OpenID Connect Core, section 5.4).
func standardClaims(scopes ...string) []string {
	var claims []string
	for _, scope := range scopes {
		claims = append(claims, map[string][]string{
			"profile": {
				"name", "given_name", "family_name", "middle_name", "nickname", "profile", "picture", "website", "gender",
				"birthdate", "zoneinfo", "locale", "updated_at", "preferred_username",
			},
			"email": {"email", "email_verified"}, "phone": {"phone_number", "phone_number_verified"}, "address": {"address"},
		}[scope]...)
	}
	return claims
}

// userInfo asks for the claims with the token in the header.
func (m *module) userInfo(accessToken string) providertest.Answer {
	m.Helper()
	return m.get(m.metadata.text("userinfo_endpoint"), http.Header{"Authorization": {"Bearer " + accessToken}})
}

// checkUserInfo wants claims as JSON about the person of the ID tokens.
func checkUserInfo(t testing.TB, answer providertest.Answer, idTokens ...token) {
	t.Helper()
	answer.WantOK(t)
	checkJSON(t, answer)
	if answer.Text("sub") == "" {
		t.Errorf("userinfo without sub: %s", answer.Raw)
	}
	for _, j := range idTokens {
		if answer.Text("sub") != j.text("sub") {
			t.Errorf("sub at userinfo %q, in the ID token %q", answer.Text("sub"), j.text("sub"))
		}
	}
	checkClaimTypes(t, answer.JSON)
}

// checkClaims wants every claim with a value.
func checkClaims(t testing.TB, claims map[string]any, wanted []string) {
	t.Helper()
	for _, claim := range wanted {
		if value, ok := claims[claim]; !ok || value == nil || value == "" {
			t.Errorf("no claim %s", claim)
		}
	}
	checkClaimTypes(t, claims)
}

var (
	birthdate = regexp.MustCompile(`^(\d{4}|0000)(-\d{2}-\d{2})?$`)
	locale    = regexp.MustCompile(`^[a-z]{2,3}([-_][A-Za-z0-9]+)*$`)
)

// checkClaimTypes wants standard claims to be of their type (OpenID Connect Core,
// section 5.1), and none to be empty.
func checkClaimTypes(t testing.TB, claims map[string]any) {
	t.Helper()
	for _, claim := range standardClaims("profile", "email", "phone", "address") {
		value, ok := claims[claim]
		if !ok {
			continue
		}
		switch claim {
		case "email_verified", "phone_number_verified":
			_, ok = value.(bool)
		case "updated_at":
			_, ok = value.(float64)
		case "address":
			var members map[string]any
			members, ok = value.(map[string]any)
			for name, member := range members {
				if text, isText := member.(string); !isText || text == "" {
					t.Errorf("member %s of the address is %v", name, member)
				}
			}
			ok = ok && len(members) > 0
		case "birthdate":
			text, _ := value.(string)
			ok = birthdate.MatchString(text)
		case "locale":
			text, _ := value.(string)
			ok = locale.MatchString(text)
		default:
			text, isText := value.(string)
			ok = isText && text != ""
		}
		if !ok {
			t.Errorf("claim %s is %v", claim, value)
		}
	}
}
