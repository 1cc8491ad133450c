package directustest

import (
	"encoding/json"
	"net/http"
	"net/url"
	"unicode/utf8"

	"gatehouse/storage"
)

// Registration are the settings of public registration. Directus has it off.
type Registration struct {
	Open          bool
	VerifiesEmail bool
	// Role is the id of the role of registered users, if any.
	Role string
	// Allows is the filter on e-mail addresses; nil allows all.
	Allows func(email string) bool
}

// SetRegistration sets how anybody may register.
func (s *Server) SetRegistration(settings Registration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.registration = settings
}

// keepsPolicy answers the refusal itself. It needs the lock.
func (s *Server) keepsPolicy(w http.ResponseWriter, password string) bool {
	if s.policy == nil || s.policy(password) {
		return true
	}
	refusePassword(w, password)
	return false
}

func isEmail(email string) bool {
	return plausibleEmail.MatchString(email) && !unroutable.MatchString(email)
}

func isURI(text string) bool {
	address, err := url.Parse(text)
	return err == nil && address.Scheme != ""
}

// storableUser answers as PostgreSQL does for values that are too long. It needs the lock.
func storableUser(w http.ResponseWriter, user User) bool {
	if utf8.RuneCountInString(user.Email) > 128 || utf8.RuneCountInString(user.FirstName) > 50 ||
		utf8.RuneCountInString(user.LastName) > 50 {
		refuseWith(w, http.StatusBadRequest, map[string]any{"code": "VALUE_TOO_LONG", "collection": "directus_users", "field": nil})
		return false
	}
	return true
}

func (s *Server) register(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Email     string  `json:"email"`
		Password  string  `json:"password"`
		URL       *string `json:"verification_url"`
		FirstName *string `json:"first_name"`
		LastName  *string `json:"last_name"`
	}
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	empty := func(text *string) bool { return text != nil && *text == "" }
	if decoder.Decode(&body) != nil || !isEmail(body.Email) || body.Password == "" ||
		empty(body.FirstName) || empty(body.LastName) || body.URL != nil && !isURI(*body.URL) {
		refusePayload(w, `"email" must be a valid email`)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	settings := s.registration
	link := text(body.URL)
	switch {
	case link != "" && !mayLeadTo(link, s.mails.allow.Register):
		refusePayload(w, `URL "`+link+`" can't be used to verify registered users`)
		return
	case !settings.Open, settings.Allows != nil && !settings.Allows(body.Email):
		refuse(w, http.StatusForbidden, "FORBIDDEN")
		return
	}
	user := s.byEmail(body.Email)
	switch {
	case user != nil && user.Status != "unverified":
		w.WriteHeader(http.StatusNoContent)
		return
	case user == nil:
		registered := User{
			ID: randomUUID(), Email: body.Email, Password: body.Password, Status: "active", Provider: storage.DefaultProvider,
			FirstName: text(body.FirstName), LastName: text(body.LastName), Fields: map[string]any{"role": orNull(settings.Role)},
		}
		if settings.VerifiesEmail {
			registered.Status = "unverified"
		}
		if !s.keepsPolicy(w, body.Password) || !storableUser(w, registered) {
			return
		}
		user = &account{User: registered}
		s.users[registered.ID] = user
	}
	if settings.VerifiesEmail {
		s.send(VerificationMail, user.Email, link, "/users/register/verify-email",
			map[string]any{"email": user.Email, "scope": "pending-registration"}, VerificationTokenTTL)
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *Server) verifyEmail(w http.ResponseWriter, r *http.Request) {
	if !r.URL.Query().Has("token") {
		http.Redirect(w, r, "/admin/login", http.StatusFound)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	claims, ok := s.verify(w, r.URL.Query().Get("token"), "pending-registration")
	if !ok {
		return
	}
	user := s.byEmail(claims.Email)
	if user == nil || user.Status != "unverified" {
		refusePayload(w, "Invalid verification code")
		return
	}
	user.Status = "active"
	http.Redirect(w, r, "/admin/users/"+user.ID, http.StatusFound)
}

// createUser is for tokens that may write.
func (s *Server) createUser(w http.ResponseWriter, r *http.Request, who caller) {
	if who != administrator && who != writer {
		refuse(w, http.StatusForbidden, "FORBIDDEN")
		return
	}
	var body map[string]any
	if json.NewDecoder(r.Body).Decode(&body) != nil {
		refusePayload(w, "Invalid JSON")
		return
	}
	column := func(name string) string { value, _ := body[name].(string); return value }
	user := User{
		ID: randomUUID(), Email: column("email"), Password: column("password"), Status: column("status"), Provider: storage.DefaultProvider,
		FirstName: column("first_name"), LastName: column("last_name"), Fields: map[string]any{"role": body["role"]},
	}
	if user.Status == "" {
		user.Status = "active"
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case !isEmail(user.Email):
		refuseWith(w, http.StatusBadRequest, map[string]any{"code": "FAILED_VALIDATION", "field": "email", "path": []any{}, "type": "email"})
		return
	case s.byEmail(user.Email) != nil:
		refuseWith(w, http.StatusBadRequest, map[string]any{
			"code": "RECORD_NOT_UNIQUE", "collection": "directus_users", "field": "email", "value": "[" + user.Email + "]",
		})
		return
	case !s.keepsPolicy(w, user.Password), !storableUser(w, user):
		return
	}
	s.users[user.ID] = &account{User: user}
	answer(w, map[string]any{"id": user.ID})
}

func text(pointer *string) string {
	if pointer == nil {
		return ""
	}
	return *pointer
}
