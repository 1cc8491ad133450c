package conformance

import (
	"math"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gatehouse/provider/providertest"
)

// checkTokens is what every answer of the token endpoint has (RFC 6749, section
// 5.1; OpenID Connect Core, section 3.1.3.3).
func checkTokens(t testing.TB, answer providertest.Answer) {
	t.Helper()
	if answer.Status != http.StatusOK {
		t.Fatalf("token endpoint: %d %s", answer.Status, answer.Raw)
	}
	checkJSON(t, answer)
	checkNoStore(t, answer)
	if !strings.EqualFold(answer.Text("token_type"), "Bearer") {
		t.Errorf("token_type is %q", answer.Text("token_type"))
	}
	checkExpiresIn(t, answer)
	checkSecret(t, "access_token", answer.Text("access_token"))
	if answer.Text("id_token") == "" {
		t.Fatal("the token endpoint gave no id_token")
	}
}

// checkNoStore wants an answer that no cache keeps.
func checkNoStore(t testing.TB, answer providertest.Answer) {
	t.Helper()
	if !strings.Contains(answer.Header.Get("Cache-Control"), "no-store") {
		t.Errorf("Cache-Control is %q", answer.Header.Get("Cache-Control"))
	}
}

func checkExpiresIn(t testing.TB, answer providertest.Answer) {
	t.Helper()
	if seconds, ok := answer.JSON["expires_in"].(float64); !ok || seconds <= 0 || seconds != math.Trunc(seconds) {
		t.Errorf("expires_in is %v", answer.JSON["expires_in"])
	}
}

var visible = regexp.MustCompile(`^[\x20-\x7e]+$`)

// checkSecret wants a code or token that nobody guesses: 128 bits long, of 96
// bits by Shannon.
func checkSecret(t testing.TB, name, value string) {
	t.Helper()
	if !visible.MatchString(value) {
		t.Errorf("%s is empty or has characters that RFC 6749, appendix A, does not allow", name)
		return
	}
	if len(value)*8 < 128 {
		t.Errorf("%s has %d bits", name, len(value)*8)
	}
	if bits := entropy(value) * float64(len(value)); bits < 96 {
		t.Errorf("%s has %.0f bits by Shannon", name, bits)
	}
}

// entropy is Shannon's, in bits for each character.
func entropy(text string) float64 {
	counts := map[rune]float64{}
	for _, character := range text {
		counts[character]++
	}
	var bits float64
	for _, count := range counts {
		share := count / float64(len(text))
		bits -= share * math.Log2(share)
	}
	return bits
}

// exchange redeems the code.
func (m *module) exchange(a *answer) providertest.Answer {
	m.Helper()
	form := url.Values{"grant_type": {"authorization_code"}, "code": {a.response.Get("code")}, "redirect_uri": {m.client.redirectURI}}
	if a.verifier != "" {
		form.Set("code_verifier", a.verifier)
	}
	return m.token(form)
}

// checkTokenError wants the OAuth error as JSON (RFC 6749, section 5.2).
func checkTokenError(t testing.TB, answer providertest.Answer, code string) {
	t.Helper()
	checkJSON(t, answer)
	if answer.Status != http.StatusBadRequest || answer.Text("error") != code {
		t.Errorf("the token endpoint answered %d %s, want 400 %s", answer.Status, answer.Raw, code)
	}
	for name := range answer.JSON {
		if !slices.Contains([]string{"error", "error_description", "error_uri"}, name) {
			t.Errorf("an error has the member %s", name)
		}
	}
}
