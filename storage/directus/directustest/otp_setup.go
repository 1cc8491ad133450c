package directustest

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/json"
	"net/http"
	"net/url"
)

// generateOTP keeps nothing, and asks for no right but the password.
func (s *Server) generateOTP(w http.ResponseWriter, r *http.Request, who caller) {
	var body struct {
		Password string `json:"password"`
	}
	_ = json.NewDecoder(r.Body).Decode(&body) // no body is an empty one
	user := s.person(r)
	switch {
	case who != person, user.ID == "":
		refuse(w, http.StatusUnauthorized, "INVALID_CREDENTIALS")
	case user.isLocal() && body.Password == "":
		refuse(w, http.StatusBadRequest, "INVALID_PAYLOAD")
	case user.isLocal() && body.Password != user.Password:
		refuse(w, http.StatusUnauthorized, "INVALID_CREDENTIALS")
	case user.OTPSecret != "", user.isLocal() && user.Email == "":
		refuse(w, http.StatusBadRequest, "INVALID_PAYLOAD")
	default:
		raw := make([]byte, 10)
		_, _ = rand.Read(raw) // never fails
		secret := base32.StdEncoding.EncodeToString(raw)
		address := url.URL{
			Scheme: "otpauth", Host: "totp", Path: "/Directus:" + user.Email,
			RawQuery: url.Values{"secret": {secret}, "period": {"30"}, "digits": {"6"}, "algorithm": {"SHA1"}, "issuer": {"Directus"}}.Encode(),
		}
		answer(w, map[string]any{"secret": secret, "otpauth_url": address.String()})
	}
}

// enableOTP looks at the code before it looks at rights.
func (s *Server) enableOTP(w http.ResponseWriter, r *http.Request, who caller) {
	var body struct {
		Secret string `json:"secret"`
		OTP    string `json:"otp"`
	}
	_ = json.NewDecoder(r.Body).Decode(&body)
	user := s.person(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case who != person, user.ID == "":
		refuse(w, http.StatusUnauthorized, "INVALID_CREDENTIALS")
	case body.Secret == "", body.OTP == "", user.OTPSecret != "", body.OTP != OTP(body.Secret, s.now()):
		refuse(w, http.StatusBadRequest, "INVALID_PAYLOAD")
	case !s.mayUpdate(who, user, user.ID, []string{"tfa_secret"}):
		refuse(w, http.StatusForbidden, "FORBIDDEN")
	default:
		s.users[user.ID].OTPSecret = body.Secret
		w.WriteHeader(http.StatusNoContent)
	}
}

func (s *Server) disableOTP(w http.ResponseWriter, r *http.Request, who caller) {
	var body struct {
		OTP string `json:"otp"`
	}
	_ = json.NewDecoder(r.Body).Decode(&body)
	user := s.person(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case who != person, user.ID == "":
		refuse(w, http.StatusUnauthorized, "INVALID_CREDENTIALS")
	case body.OTP == "", user.OTPSecret == "", body.OTP != OTP(user.OTPSecret, s.now()):
		refuse(w, http.StatusBadRequest, "INVALID_PAYLOAD")
	case !s.mayUpdate(who, user, user.ID, []string{"tfa_secret"}):
		refuse(w, http.StatusForbidden, "FORBIDDEN")
	default:
		s.users[user.ID].OTPSecret = ""
		w.WriteHeader(http.StatusNoContent)
	}
}
