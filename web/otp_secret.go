package web

import (
	"html/template"
	"net/url"
	"strings"

	"gatehouse/storage"
)

// longestIssuer bounds the name of the project in an authenticator: the longer
// the text, the finer the QR code, and the harder it is to read.
const longestIssuer = 40

// otpLink is what an authenticator reads, as the Key URI Format has it. Directus
// makes one too, but in its own name and for nobody: a person with several
// accounts could not tell them apart. SHA-1, six digits and 30 seconds are what
// Directus checks by (RFC 6238, section 4), and what authenticators assume.
func otpLink(project, account string, secret storage.OTPSecret) template.URL {
	issuer := []rune(strings.TrimSpace(strings.ReplaceAll(project, ":", " "))) // a colon ends the issuer
	name := escape(string(issuer[:min(len(issuer), longestIssuer)]))
	//nolint:gosec // every part is escaped, and the scheme is no script's
	return template.URL("otpauth://totp/" + name + ":" + escape(account) + "?secret=" + escape(strings.TrimRight(secret.Secret, "=")) +
		"&issuer=" + name + "&algorithm=SHA1&digits=6&period=30")
}

// escape writes spaces as %20 everywhere: some authenticators show a plus sign
// as it is.
func escape(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "+", "%20") }

// inFours puts a space after each four letters, so that a person does not lose
// his place.
func inFours(secret string) string {
	var grouped strings.Builder
	for i, letter := range secret {
		if i > 0 && i%4 == 0 {
			grouped.WriteByte(' ')
		}
		grouped.WriteRune(letter)
	}
	return grouped.String()
}
