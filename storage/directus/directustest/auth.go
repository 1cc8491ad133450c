package directustest

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"regexp"

	"gatehouse/storage"
)

var plausibleEmail = regexp.MustCompile(`^[^@\s]+@[^@\s]+\.[a-z]{2,}$`)

// unroutable endings are refused by Directus's validation.
var unroutable = regexp.MustCompile(`(?i)(@localhost|\.(local|internal|localhost))$`)

func (s *Server) login(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Email    string           `json:"email"`
		Password *string          `json:"password"`
		Mode     string           `json:"mode"`
		OTP      *json.RawMessage `json:"otp"`
	}
	if json.NewDecoder(r.Body).Decode(&body) != nil || body.Password == nil ||
		!plausibleEmail.MatchString(body.Email) || unroutable.MatchString(body.Email) {
		refuse(w, http.StatusBadRequest, "INVALID_PAYLOAD")
		return
	}
	otp := ""
	if body.OTP != nil && (json.Unmarshal(*body.OTP, &otp) != nil || otp == "") {
		refuse(w, http.StatusBadRequest, "INVALID_PAYLOAD")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	user := s.byEmail(body.Email)
	if user == nil || user.Status != "active" || user.Provider != storage.DefaultProvider {
		refuse(w, http.StatusUnauthorized, "INVALID_CREDENTIALS")
		return
	}
	// The attempt after the last one suspends, and is then judged as if it had not.
	if s.attempts > 0 {
		user.failures++
		if user.failures > s.attempts {
			user.Status, user.failures = "suspended", 0
		}
	}
	if user.Password == "" || user.Password != *body.Password {
		refuse(w, http.StatusUnauthorized, "INVALID_CREDENTIALS")
		return
	}
	if user.OTPSecret != "" && otp != OTP(user.OTPSecret, s.now()) {
		refuse(w, http.StatusUnauthorized, "INVALID_OTP")
		return
	}
	user.failures = 0
	answer(w, s.issue(user, user.EnforceTFA && user.OTPSecret == ""))
}

// refresh looks the token up and replaces it in two steps, with room between
// them for another call to do the same.
func (s *Server) refresh(w http.ResponseWriter, r *http.Request) {
	token, ok := refreshToken(w, r)
	if !ok {
		return
	}
	s.mu.Lock()
	session := s.sessions[token]
	valid := session != nil && s.now().Before(session.expires) && s.users[session.user] != nil
	suspended := valid && s.users[session.user].Status != "active"
	s.mu.Unlock()
	switch {
	case !valid:
		refuse(w, http.StatusUnauthorized, "INVALID_CREDENTIALS")
		return
	case suspended: // without the sessions being ended, as the lock-out does
		refuse(w, http.StatusUnauthorized, "USER_SUSPENDED")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	user := s.users[session.user]
	if user == nil {
		refuse(w, http.StatusUnauthorized, "INVALID_CREDENTIALS")
		return
	}
	for other, held := range s.sessions {
		if held == session {
			delete(s.sessions, other)
		}
	}
	pair := s.issue(user, false) // only a sign-in says enforce_tfa
	s.sessions[pair["refresh_token"].(string)] = session
	session.expires = s.now().Add(RefreshTokenTTL)
	answer(w, pair)
}

func (s *Server) logout(w http.ResponseWriter, r *http.Request) {
	token, ok := refreshToken(w, r)
	if !ok {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sessions, token)
	w.WriteHeader(http.StatusNoContent)
}

func refreshToken(w http.ResponseWriter, r *http.Request) (string, bool) {
	var body struct {
		RefreshToken string `json:"refresh_token"`
	}
	if json.NewDecoder(r.Body).Decode(&body) != nil || body.RefreshToken == "" {
		refuse(w, http.StatusBadRequest, "INVALID_PAYLOAD")
		return "", false
	}
	return body.RefreshToken, true
}

// issue makes a token pair and its session. It needs the lock.
func (s *Server) issue(user *account, enforceTFA bool) map[string]any {
	now := s.now()
	claims := map[string]any{
		"id": user.ID, "role": nil, "app_access": user.Admin, "admin_access": user.Admin,
		"iat": now.Unix(), "exp": now.Add(AccessTokenTTL).Unix(), "iss": "directus",
	}
	if enforceTFA {
		claims["enforce_tfa"] = true
	}
	payload, _ := json.Marshal(claims) // a map of plain values
	encode := base64.RawURLEncoding.EncodeToString
	token := encode([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + encode(payload) + "." + randomText()[:43]
	refresh := randomText()
	s.sessions[refresh] = &session{user: user.ID, expires: now.Add(RefreshTokenTTL)}
	s.accesses[token] = &session{user: user.ID, expires: now.Add(AccessTokenTTL)}
	return map[string]any{
		"access_token": token, "refresh_token": refresh, "expires": AccessTokenTTL.Milliseconds(),
	}
}
