package directustest

import (
	"encoding/json"
	"net/http"
)

// requestReset says the same to everybody, once the URL has passed.
func (s *Server) requestReset(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Email *string `json:"email"`
		URL   string  `json:"reset_url"`
	}
	if json.NewDecoder(r.Body).Decode(&body) != nil || body.Email == nil {
		refusePayload(w, `"email" field is required`)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	user := s.byEmail(*body.Email)
	looksAtURL := !s.mails.userFirst || user != nil && user.Status == "active"
	if body.URL != "" && looksAtURL && !mayLeadTo(body.URL, s.mails.allow.Reset) {
		refusePayload(w, `URL "`+body.URL+`" can't be used to reset passwords`)
		return
	}
	if user != nil && user.Status == "active" && user.isLocal() {
		s.send(ResetMail, user.Email, body.URL, "/admin/reset-password", map[string]any{
			"email": user.Email, "scope": "password-reset", "hash": passwordHash(user.Password),
		}, ResetTokenTTL)
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *Server) resetPassword(w http.ResponseWriter, r *http.Request) {
	token, password, ok := tokenAndPassword(w, r)
	if !ok {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	claims, ok := s.verify(w, token, "password-reset")
	if !ok {
		return
	}
	user := s.byEmail(claims.Email)
	if user == nil || user.Status != "active" || claims.Hash != passwordHash(user.Password) {
		refuse(w, http.StatusForbidden, "FORBIDDEN")
		return
	}
	s.setPassword(w, user, password)
}

// Invite invites an address as an administrator does, and returns the id of the
// user. link is what the mail leads to, empty for the Studio's page.
func (s *Server) Invite(email, link string) (id string) {
	id = s.AddUser(User{Email: email, Status: "invited"})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.send(InvitationMail, email, link, "/admin/accept-invite",
		map[string]any{"email": email, "scope": "invite"}, InvitationTokenTTL)
	return id
}

func (s *Server) acceptInvitation(w http.ResponseWriter, r *http.Request) {
	token, password, ok := tokenAndPassword(w, r)
	if !ok {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	claims, ok := s.verify(w, token, "invite")
	if !ok {
		return
	}
	user := s.byEmail(claims.Email)
	if user == nil || user.Status != "invited" {
		refuse(w, http.StatusBadRequest, "INVALID_INVITE")
		return
	}
	s.setPassword(w, user, password)
}

// setPassword needs the lock.
func (s *Server) setPassword(w http.ResponseWriter, user *account, password string) {
	if !s.keepsPolicy(w, password) {
		return
	}
	user.Password, user.Status = password, "active"
	s.endSessions(user.ID)
	w.WriteHeader(http.StatusNoContent)
}

func tokenAndPassword(w http.ResponseWriter, r *http.Request) (token, password string, ok bool) {
	var body struct {
		Token    string `json:"token"`
		Password string `json:"password"`
	}
	if json.NewDecoder(r.Body).Decode(&body) != nil || body.Token == "" || body.Password == "" {
		refusePayload(w, `"token" is required`)
		return "", "", false
	}
	return body.Token, body.Password, true
}
