package session

import (
	"context"
	"strings"
	"unicode"

	"gatehouse/provider/event"
)

// Bounds on what is kept of the place that a sign-in came from. The user agent
// is whatever a stranger sent.
const (
	maxUserAgent = 256
	maxAddress   = 64
)

// origin is what the list of sessions shows of where a sign-in came from.
func origin(ctx context.Context) (userAgent, address string) {
	from := event.RequestOf(ctx)
	return clean(from.UserAgent, maxUserAgent), clean(from.ClientAddress, maxAddress)
}

// clean keeps the printable characters, as many as fit: what is left neither
// breaks a line nor turns the direction of the text around it.
func clean(text string, limit int) string {
	kept := make([]rune, 0, min(len(text), limit))
	for _, c := range strings.TrimSpace(text) {
		if len(kept) == limit {
			break
		}
		if c != unicode.ReplacementChar && unicode.IsPrint(c) {
			kept = append(kept, c)
		}
	}
	return string(kept)
}
