package picture

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const (
	// period is how long one address is given out, so that caches keep it.
	period = 30 * 24 * time.Hour
	// periods are those that an address works in after the one it was made in.
	periods = 12
	// signatureSize is that of a shortened HMAC-SHA-256, in bytes (RFC 2104,
	// section 5: not less than half).
	signatureSize = 16

	minSecret = 32
	directory = "/pictures/"
	suffix    = ".webp"
)

// fileID is the form of a UUID as Directus writes it.
var fileID = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// Links makes and reads addresses of pictures. It is safe for concurrent use.
type Links struct {
	base string
	now  func() time.Time
	// keys are derived from the secrets; the first signs.
	keys [][]byte
}

// NewLinks derives its keys from the secrets, each of 32 bytes or more: the first
// signs, all of them are known.
func NewLinks(issuer string, now func() time.Time, secrets ...[]byte) (*Links, error) {
	if now == nil || len(secrets) == 0 {
		return nil, errors.New("picture: a clock and a secret are needed")
	}
	links := &Links{base: strings.TrimSuffix(issuer, "/") + directory, now: now}
	for _, secret := range secrets {
		if len(secret) < minSecret {
			return nil, fmt.Errorf("picture: a secret has fewer than %d bytes", minSecret)
		}
		key, err := hkdf.Key(sha256.New, secret, nil, "gatehouse picture", sha256.Size)
		if err != nil {
			return nil, fmt.Errorf("picture: derive key: %w", err)
		}
		links.keys = append(links.keys, key)
	}
	return links, nil
}

// URL is where the file is shown, or empty for what is no id of a file.
func (l *Links) URL(file string) string {
	if !fileID.MatchString(file) {
		return ""
	}
	signed := file + "." + strconv.FormatInt(l.version(), 36)
	return l.base + signed + "." + sign(l.keys[0], signed) + suffix
}

// version is the number of the period that is running.
func (l *Links) version() int64 { return l.now().Unix() / int64(period/time.Second) }

// file returns the id of the file that a name of ours leads to, while it does.
func (l *Links) file(name string) (string, bool) {
	rest, ok := strings.CutSuffix(name, suffix)
	at := strings.LastIndexByte(rest, '.')
	if !ok || at < 0 {
		return "", false
	}
	signed, signature := rest[:at], rest[at+1:]
	file, written, _ := strings.Cut(signed, ".")
	version, err := strconv.ParseInt(written, 36, 64)
	if err != nil || !fileID.MatchString(file) || !l.signed(signed, signature) {
		return "", false
	}
	age := l.version() - version
	return file, age >= 0 && age <= periods
}

// signed tries every key, in constant time for each.
func (l *Links) signed(text, signature string) bool {
	found := false
	for _, key := range l.keys {
		found = hmac.Equal([]byte(sign(key, text)), []byte(signature)) || found
	}
	return found
}

func sign(key []byte, text string) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text)) // never fails
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:signatureSize])
}
