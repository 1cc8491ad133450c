package config

import (
	"encoding/hex"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
	"golang.org/x/text/language"

	ring "gatehouse/keys"
	"gatehouse/provider/claims"
	"gatehouse/provider/clients"
)

const tokenKey = "directus.token"

// check applies the rules that concern several settings, or one more deeply
// than its text.
func (l *loader) check() {
	l.checkIssuer()
	l.checkListener()
	l.checkDirectus()
	l.checkRegistration()
	l.checkExternalSignIn()
	l.checkPasswordPolicy()
	l.checkEmailFilter()
	l.checkEvents()
	l.checkStore()
	l.checkLifetimes()
	l.checkPairwise()
	l.checkKeys()
	l.checkOutbound()
	l.checkPages()
	l.checkClientsCollection()
}

func (l *loader) refuse(key, format string, args ...any) {
	l.problems.add(l.origins[key], key, format, args...)
}

func (l *loader) missing(key, fix string) {
	l.problems.add(Origin{}, key, "is missing; %s (or set %s)", fix, variable(key))
}

// failed says whether a key was given and already refused.
func (l *loader) failed(key string) bool {
	return slices.ContainsFunc(*l.problems, func(p Problem) bool { return p.Key == key || p.Key == key+fileSuffix })
}

func (l *loader) checkListener() {
	if _, port, err := net.SplitHostPort(l.config.Listen); err != nil || port == "" {
		l.refuse("listen", "%q is not host:port; write it like 127.0.0.1:8080 or :8080", l.config.Listen)
	}
	if t := l.config.TLS; (t.CertFile == "") != (t.KeyFile == "") {
		l.refuse("tls.cert_file", "tls.cert_file and tls.key_file belong together; set both or neither")
	}
}

func (l *loader) checkDirectus() {
	d := l.config.Directus
	if d.URL == "" {
		l.missing("directus.url", "name the address of Directus, such as https://directus.example.com")
	} else if u, err := url.Parse(d.URL); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil || strings.ContainsAny(d.URL, "?#") {
		l.refuse("directus.url", "is not an address of Directus; write it like https://directus.example.com, without user, query or fragment")
	}
	if d.Token == "" && !l.options.WithoutToken && !l.failed(tokenKey) {
		l.missing(tokenKey, "run gatehouse setup, and set directus.token_file to the file that it wrote")
	}
	if d.AttemptsLimit > 0 && d.AttemptsLimit < leastAttempts {
		l.refuse("directus.attempts_limit", "%d leaves no room for sign-ins below the limit of Directus; raise auth_login_attempts there to at least %d, or switch it off and write 0", d.AttemptsLimit, leastAttempts)
	}
}

// leastAttempts keeps five attempts free, two for strangers and two for known
// browsers.
const leastAttempts = 9

func (l *loader) checkLifetimes() {
	s := l.config.Sessions
	if s.Absolute < s.Idle && !l.failed("sessions.absolute") {
		l.refuse("sessions.absolute", "%s is shorter than sessions.idle (%s); raise it", formatDuration(s.Absolute), formatDuration(s.Idle))
	}
	if s.RememberedAbsolute < s.RememberedIdle && !l.failed("sessions.remembered_absolute") {
		l.refuse("sessions.remembered_absolute", "%s is shorter than sessions.remembered_idle (%s); raise it", formatDuration(s.RememberedAbsolute), formatDuration(s.RememberedIdle))
	}
	if k := l.config.Keys; k.RotateEvery <= 2*k.JWKSMaxAge && !l.failed("keys.rotate_every") {
		l.refuse("keys.rotate_every", "%s is too short beside keys.jwks_max_age (%s); make it more than twice as long", formatDuration(k.RotateEvery), formatDuration(k.JWKSMaxAge))
	}
}

const pairwiseKey = "pairwise.secret"

func (l *loader) checkPairwise() {
	if length := len(l.config.PairwiseSecret); length > 0 && length < claims.MinPairwiseSecret {
		l.refuse(pairwiseKey, "has fewer than %d bytes; make one with: openssl rand -base64 32", claims.MinPairwiseSecret)
	}
}

func (l *loader) checkKeys() {
	for _, algorithm := range l.config.Keys.Algorithms {
		if !slices.Contains(l.options.Rules.SigningAlgorithms, algorithm) {
			l.refuse("keys.algorithms", "%q is not supported; use some of: %s", algorithm, strings.Join(l.options.Rules.SigningAlgorithms, ", "))
		}
	}
	for _, algorithm := range l.config.Keys.EncryptionAlgorithms {
		if !slices.Contains(ring.EncryptionAlgorithms(), jose.KeyAlgorithm(algorithm)) {
			l.refuse("keys.encryption_algorithms", "%q is not supported; use some of: %v", algorithm, ring.EncryptionAlgorithms())
		}
	}
}

func (l *loader) checkPages() {
	l.checkLink("theme.logo_uri", l.config.Theme.LogoURI)
	l.checkLink("theme.favicon_uri", l.config.Theme.FaviconURI)
	l.checkLink("theme.background_uri", l.config.Theme.BackgroundURI)
	l.checkLink("policy_uri", l.config.PolicyURI)
	l.checkLink("tos_uri", l.config.TermsOfServiceURI)
	l.checkLink("help_uri", l.config.HelpURI)
	if color := l.config.Theme.PrimaryColor; color != "" {
		digits, ok := strings.CutPrefix(color, "#")
		if _, err := hex.DecodeString(digits); !ok || err != nil || len(digits) != 6 {
			l.refuse("theme.primary_color", "%q is not a colour; write it like #6644ff", color)
		}
	}
	if folder := l.config.Theme.Overlay; folder != "" {
		if info, err := os.Stat(folder); err != nil || !info.IsDir() {
			l.refuse("theme.overlay", "%s is no folder that can be read; make it, or remove the key", folder)
		}
	}
	if _, err := language.Parse(l.config.DefaultLanguage); err != nil && l.config.DefaultLanguage != "" {
		l.refuse("default_language", "%q is not a language tag (BCP 47); write it like en or de", l.config.DefaultLanguage)
	}
}

func (l *loader) checkLink(key, uri string) {
	if uri == "" {
		return
	}
	if problem := clients.WebURIProblem(uri); problem != "" {
		l.refuse(key, "%q %s", uri, problem)
	}
}
