package web

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"unicode/utf8"

	"gatehouse/provider/event"
	"gatehouse/storage"
)

const (
	tokenParameter = "token"
	// longestToken is several times what Directus puts into its mails.
	longestToken = 4096
)

// readToken takes what looks like a token of Directus (a JWT in its compact
// form, RFC 7515, section 3.1), so that nothing else is sent there.
func readToken(text string) (storage.Secret, bool) {
	// Some programs break long lines of mail, or take the end of the sentence
	// for a part of the address.
	text = strings.TrimRight(strings.TrimSpace(text), ".>")
	if text == "" || len(text) > longestToken {
		return "", false
	}
	for _, c := range []byte(text) {
		letterOrDigit := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		if !letterOrDigit && c != '.' && c != '-' && c != '_' {
			return "", false
		}
	}
	return storage.Secret(text), true
}

// addressOf is the address that a token says it is for. Nobody has checked that:
// it is a hint for password managers and for nothing else.
func addressOf(token storage.Secret) string {
	parts := strings.Split(token.Reveal(), ".")
	if len(parts) != 3 {
		return ""
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return ""
	}
	var claims struct {
		Email string `json:"email"`
	}
	if json.Unmarshal(raw, &claims) != nil || !plain(claims.Email) || utf8.RuneCountInString(claims.Email) > storage.MaxEmailLength {
		return ""
	}
	return claims.Email
}

// private makes a page of the token of a mail keep it to itself: no address of
// it goes anywhere, and nothing is asked of other hosts. It cannot be called
// again in another language, since the token would stand in the links.
func (s *screens) private(w http.ResponseWriter, r *http.Request, e errand) page {
	w.Header().Set("Referrer-Policy", "no-referrer")
	p := s.errandPage(w, r, e)
	p.Languages = nil
	if !strings.HasPrefix(p.Logo, "/") {
		p.Logo = ""
	}
	if !strings.HasPrefix(p.Icon, "/") {
		p.Icon, p.OwnIcon = s.assets.icon, true
	}
	return p
}

// tokenForms protects forms that carry the token of a mail. Their pages send no
// referrer, and so "Origin: null" (Fetch, section 3.2); browsers that also say
// Sec-Fetch-Site are told from others by that. For older ones the token is what
// protects: whoever makes another person's browser send such a form needs a
// token of his own, and only changes the account that it is of. Nobody is signed
// in by it.
func (web *Web) tokenForms(next http.Handler) http.Handler {
	guarded := web.protection.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Sec-Fetch-Site") == "" && r.Header.Get("Origin") == "null" {
			next.ServeHTTP(w, r)
			return
		}
		guarded.ServeHTTP(w, r)
	})
}

// linkKind is a kind of mail with a link.
type linkKind struct {
	// mail is what events call it.
	mail string
	// lead and leadUsed are the keys of what to do about a link that does not
	// work; again and againPath lead to another one, where people get it
	// themselves.
	lead, leadUsed   string
	again, againPath string
}

func verificationLink() linkKind {
	return linkKind{
		mail: "verification", lead: "link.verify", leadUsed: "link.verify_used",
		again: "link.verify_again", againPath: "/verify-email/resend",
	}
}

func resetLink() linkKind {
	return linkKind{
		mail: "reset", lead: "link.reset", leadUsed: "link.reset_used",
		again: "link.reset_again", againPath: "/reset-password",
	}
}

func invitationLink() linkKind {
	return linkKind{mail: "invitation", lead: "link.invitation", leadUsed: "link.invitation_used"}
}

// linkPage is the data of link.html.
type linkPage struct {
	page
	// Heading, Words and Lead are keys.
	Heading, Words, Lead string
	Code                 string
	AgainKey, AgainURL   string
	SignIn               wayOn
	// SignInFirst says that signing in will probably do.
	SignInFirst bool
	HelpURL     string
}

// linkRefused shows what is wrong with the link of a mail, and whether it was
// that.
func (s *screens) linkRefused(w http.ResponseWriter, r *http.Request, e errand, kind linkKind, err error) bool {
	data := linkPage{Lead: kind.lead, AgainKey: kind.again, SignIn: s.wayOn(e), HelpURL: s.help}
	status := http.StatusGone
	switch {
	case errors.Is(err, storage.ErrLinkInvalid):
		data.Heading, data.Words, data.Code, status = "link.invalid.heading", "link.invalid.words", "link_invalid", http.StatusBadRequest
	case errors.Is(err, storage.ErrLinkExpired):
		data.Heading, data.Words, data.Code = "link.expired.heading", "link.expired.words", "link_expired"
	case errors.Is(err, storage.ErrLinkUsed):
		data.Heading, data.Words, data.Code = "link.used.heading", "link.used.words", "link_used"
		data.Lead, data.SignInFirst = kind.leadUsed, true
	default:
		return false
	}
	s.sink.Emit(r.Context(), event.Event{Name: event.LinkRefused, Kind: kind.mail, Reason: data.Code})
	if kind.againPath != "" {
		data.AgainURL = s.link(e, kind.againPath)
	}
	data.page = s.private(w, r, e)
	data.Failed = true
	s.show(w, r, status, "link", data, closedPolicy())
	return true
}
