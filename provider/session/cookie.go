package session

import (
	"net/http"
	"net/url"
	"strings"
	"time"
)

// maxAccounts bounds the accounts that one browser is signed in to at once.
const maxAccounts = 4

// Cookies says how cookies of this issuer are named and sent. Over https they
// carry the prefix __Host-, which no sibling domain can set; an http issuer on
// a loopback host cannot use it.
type Cookies struct {
	Secure bool
}

// NewCookies derives the kind of cookies from the issuer.
func NewCookies(issuer string) Cookies {
	return Cookies{Secure: strings.HasPrefix(issuer, "https:")}
}

// Name returns the full name of a cookie.
func (c Cookies) Name(name string) string {
	if c.Secure {
		return "__Host-gatehouse_" + name
	}
	return "gatehouse_" + name
}

// Set sends a cookie that scripts cannot read. A lifetime of zero keeps it until
// the browser ends.
func (c Cookies) Set(w http.ResponseWriter, name, value string, lifetime time.Duration) {
	c.send(w, name, value, int(lifetime/time.Second))
}

// Clear removes a cookie.
func (c Cookies) Clear(w http.ResponseWriter, name string) {
	c.send(w, name, "", -1)
}

func (c Cookies) send(w http.ResponseWriter, name, value string, maxAge int) {
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // only an http issuer on a loopback host goes without Secure
		Name: c.Name(name), Value: value, Path: "/", MaxAge: maxAge,
		Secure: c.Secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

// Read returns the value of a cookie, or nothing.
func (c Cookies) Read(r *http.Request, name string) string {
	cookie, err := r.Cookie(c.Name(name))
	if err != nil {
		return ""
	}
	return cookie.Value
}

// ticket is what the browser holds of one session. subject only says which user's
// records to read along with the session; whose session it is, its record says.
type ticket struct {
	id, secret, subject string
}

// Tickets are written id.secret.subject, the current one first, joined by "~".
func formatTickets(tickets []ticket) string {
	parts := make([]string, len(tickets))
	for i, t := range tickets {
		parts[i] = t.id + "." + t.secret + "." + t.subject
	}
	return strings.Join(parts, "~")
}

// parseTickets drops whatever is malformed: a damaged cookie is no session, not
// an error.
func parseTickets(value string) []ticket {
	var tickets []ticket
	seen := map[string]bool{}
	for part := range strings.SplitSeq(value, "~") {
		id, rest, _ := strings.Cut(part, ".")
		secret, subject, _ := strings.Cut(rest, ".")
		if !plain(id) || !plain(secret) || subject != "" && !plain(subject) || seen[id] {
			continue
		}
		seen[id] = true
		tickets = append(tickets, ticket{id: id, secret: secret, subject: subject})
		if len(tickets) == maxAccounts {
			break
		}
	}
	return tickets
}

// plain says whether a part of a ticket is one that we could have written.
func plain(text string) bool {
	return text != "" && len(text) <= 64 && url.QueryEscape(text) == text
}
