package directustest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"gatehouse/storage"
)

// The templates of Directus's mails, which tell one kind from another.
const (
	VerificationMail = "user-registration"
	ResetMail        = "password-reset"
	InvitationMail   = "user-invitation"
)

// Lifetimes of the tokens in mails.
const (
	VerificationTokenTTL = 7 * 24 * time.Hour
	ResetTokenTTL        = 24 * time.Hour
	InvitationTokenTTL   = 7 * 24 * time.Hour
)

// Mail is a mail that Directus would have sent.
type Mail struct {
	Template string
	To       string
	// Link is where the mail leads, and Token its query parameter.
	Link  string
	Token storage.Secret
}

// AllowLists are the URLs that mails may lead to. A nil list takes any URL,
// unlike Directus's, which takes none without a list.
type AllowLists struct {
	Reset, Register, Invite []string
}

type mails struct {
	secret []byte
	sent   []Mail
	allow  AllowLists
	// userFirst makes a reset look at the URL only where there is a user.
	userFirst bool
}

// SetAllowLists sets PASSWORD_RESET_URL_ALLOW_LIST and the like.
func (s *Server) SetAllowLists(lists AllowLists) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mails.allow = lists
}

// SetURLCheckAfterUser makes a reset look at the URL only after it found an
// active user, as Directus 10 does.
func (s *Server) SetURLCheckAfterUser(after bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mails.userFirst = after
}

// Mails are the mails sent so far, the latest last.
func (s *Server) Mails() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.mails.sent)
}

// LastMail is the latest mail to an address, by a template.
func (s *Server) LastMail(template, to string) (Mail, bool) {
	for _, mail := range slices.Backward(s.Mails()) {
		if mail.Template == template && strings.EqualFold(mail.To, to) {
			return mail, true
		}
	}
	return Mail{}, false
}

// send needs the lock. link is empty where the mail leads to Directus itself.
func (s *Server) send(template, to, link, ownPath string, claims map[string]any, ttl time.Duration) {
	if link == "" {
		link = s.URL + ownPath
	}
	token := s.sign(claims, ttl)
	address, err := url.Parse(link)
	if err != nil {
		return // Directus logs it
	}
	query := address.Query()
	query.Set("token", token)
	address.RawQuery = query.Encode()
	s.mails.sent = append(s.mails.sent, Mail{Template: template, To: to, Link: address.String(), Token: storage.Secret(token)})
}

// mayLeadTo compares without the query, as Directus does.
func mayLeadTo(link string, list []string) bool {
	if list == nil || slices.Contains(list, link) {
		return true
	}
	target, err := url.Parse(link)
	return err == nil && slices.ContainsFunc(list, func(allowed string) bool {
		entry, err := url.Parse(allowed)
		return err == nil && entry.Scheme == target.Scheme && entry.Host == target.Host && entry.Path == target.Path
	})
}

// mailClaims are what is in the token of a mail.
type mailClaims struct {
	Email   string `json:"email"`
	Scope   string `json:"scope"`
	Hash    string `json:"hash"`
	Expires int64  `json:"exp"`
}

// sign makes a JWT; it needs the lock.
func (s *Server) sign(claims map[string]any, ttl time.Duration) string {
	now := s.now()
	claims["iat"], claims["exp"], claims["iss"] = now.Unix(), now.Add(ttl).Unix(), "directus"
	payload, _ := json.Marshal(claims) // a map of plain values
	encode := base64.RawURLEncoding.EncodeToString
	signed := encode([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + encode(payload)
	return signed + "." + encode(s.signature(signed))
}

func (s *Server) signature(signed string) []byte {
	mac := hmac.New(sha256.New, s.mails.secret)
	mac.Write([]byte(signed))
	return mac.Sum(nil)
}

// verify checks a mail's token, and answers the refusal itself. It needs the lock.
func (s *Server) verify(w http.ResponseWriter, token, scope string) (mailClaims, bool) {
	var claims mailClaims
	end := strings.LastIndexByte(token, '.')
	if end < 0 {
		refuse(w, http.StatusForbidden, "INVALID_TOKEN")
		return claims, false
	}
	signature, err := base64.RawURLEncoding.DecodeString(token[end+1:])
	if err != nil || !hmac.Equal(signature, s.signature(token[:end])) {
		refuse(w, http.StatusForbidden, "INVALID_TOKEN")
		return claims, false
	}
	_, encoded, _ := strings.Cut(token[:end], ".")
	payload, _ := base64.RawURLEncoding.DecodeString(encoded) // it is ours
	_ = json.Unmarshal(payload, &claims)
	switch {
	case s.now().Unix() >= claims.Expires:
		refuse(w, http.StatusUnauthorized, "TOKEN_EXPIRED")
		return claims, false
	case claims.Scope != scope:
		refuse(w, http.StatusForbidden, "FORBIDDEN")
		return claims, false
	}
	return claims, true
}

// passwordHash changes with the password, and makes a reset token work once.
func passwordHash(password string) string {
	sum := sha256.Sum256([]byte(password))
	return hex.EncodeToString(sum[:8])
}
