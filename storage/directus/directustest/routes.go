package directustest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// caller is who a bearer token belongs to.
type caller int

const (
	stranger caller = iota
	service
	administrator
	// writer is the service user that may write, person one of the users.
	writer
	person
)

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /auth/login", s.login)
	mux.HandleFunc("POST /auth/refresh", s.refresh)
	mux.HandleFunc("POST /auth/logout", s.logout)
	mux.HandleFunc("POST /auth/password/request", s.requestReset)
	mux.HandleFunc("POST /auth/password/reset", s.resetPassword)
	mux.HandleFunc("POST /users", s.known(s.createUser))
	mux.HandleFunc("POST /users/register", s.register)
	mux.HandleFunc("GET /users/register/verify-email", s.verifyEmail)
	mux.HandleFunc("POST /users/invite/accept", s.acceptInvitation)
	mux.HandleFunc("SEARCH /users", s.known(s.searchUsers))
	mux.HandleFunc("SEARCH /roles", s.known(s.searchRoles))
	mux.HandleFunc("SEARCH /access", s.known(s.searchAccess))
	mux.HandleFunc("SEARCH /items/{collection}", s.known(s.searchItems))
	mux.HandleFunc("GET /server/ping", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("pong"))
	})
	mux.HandleFunc("GET /server/info", s.known(s.info))
	mux.HandleFunc("GET /policies/me/globals", s.known(s.globals))
	mux.HandleFunc("GET /permissions/me", s.known(s.permissions))
	mux.HandleFunc("GET /users/me", s.known(s.me))
	mux.HandleFunc("GET /auth", s.offer)
	mux.HandleFunc("PATCH /users/{id}", s.known(s.patchUser))
	mux.HandleFunc("POST /users/me/tfa/generate", s.known(s.generateOTP))
	mux.HandleFunc("POST /users/me/tfa/enable", s.known(s.enableOTP))
	mux.HandleFunc("POST /users/me/tfa/disable", s.known(s.disableOTP))
	mux.HandleFunc("POST /files", s.known(s.storeFile))
	mux.HandleFunc("GET /files/{id}", s.known(s.fileRow))
	mux.HandleFunc("DELETE /files/{id}", s.known(s.removeFile))
	mux.HandleFunc("GET /assets/{id}", s.known(s.showFile))
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, http.StatusNotFound, "ROUTE_NOT_FOUND")
	})
	return s.withFaults(mux)
}

// known finds out who calls; a bad bearer token is refused on any route.
func (s *Server) known(next func(http.ResponseWriter, *http.Request, caller)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ") {
		case "":
			next(w, r, stranger)
		case s.ServiceToken.Reveal():
			next(w, r, service)
		case s.AdminToken.Reveal():
			next(w, r, administrator)
		case s.WriteToken.Reveal():
			next(w, r, writer)
		default:
			s.knownPerson(w, r, next)
		}
	}
}

func (s *Server) globals(w http.ResponseWriter, r *http.Request, who caller) {
	if who == stranger {
		answer(w, map[string]any{"app_access": false})
		return
	}
	admin, enforced := who == administrator, false
	if who == person {
		user := s.person(r)
		admin, enforced = user.Admin, user.EnforceTFA || user.EnforceTFAAbove
	}
	answer(w, map[string]any{"app_access": admin, "admin_access": admin, "enforce_tfa": enforced})
}

func (s *Server) permissions(w http.ResponseWriter, r *http.Request, who caller) {
	switch who {
	case stranger:
		refuse(w, http.StatusForbidden, "FORBIDDEN")
	case person:
		s.ownPermissions(w, r)
	case administrator:
		answer(w, map[string]any{"directus_users": may("full", "full"), "directus_roles": may("full", "full"), "directus_files": may("full", "full")})
	case writer:
		answer(w, map[string]any{"directus_users": may("full", "full"), "directus_roles": may("full", "none"), "directus_files": may("full", "full")})
	case service:
		granted := map[string]any{"directus_users": may("full", "none"), "directus_roles": may("full", "none")}
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, collection := range s.readable {
			granted[collection] = may("full", "none")
		}
		answer(w, granted)
	}
}

// may is what /permissions/me says of a collection.
func may(read, write string) map[string]any {
	right := func(access string) map[string]any {
		if access == "none" {
			return map[string]any{"access": access}
		}
		return map[string]any{"access": access, "fields": []string{"*"}}
	}
	return map[string]any{
		"read": right(read), "create": right(write), "update": right(write), "delete": right(write), "share": right(write),
	}
}

func (s *Server) me(w http.ResponseWriter, r *http.Request, who caller) {
	switch who {
	case stranger:
		refuse(w, http.StatusUnauthorized, "INVALID_CREDENTIALS")
	case administrator:
		answer(w, map[string]any{"id": ownID(who), "status": "active", "email": "admin@example.com"})
	case service, writer:
		answer(w, map[string]any{"id": ownID(who), "status": "active", "email": "gatehouse@example.com"})
	case person: // may not read his row
		answer(w, map[string]any{"id": s.person(r).ID})
	}
}

// another is one of the other tokens.
func another(who caller) caller {
	if who == service {
		return administrator
	}
	return service
}

// ownID is the id of the user that a token of ours belongs to.
func ownID(who caller) string {
	return fmt.Sprintf("00000000-0000-4000-8000-00000000000%x", 0xc-int(who))
}

func answer(w http.ResponseWriter, data any) {
	writeJSON(w, http.StatusOK, map[string]any{"data": data})
}

func refuse(w http.ResponseWriter, status int, code string) {
	refuseWith(w, status, map[string]any{"code": code})
}

func refuseWith(w http.ResponseWriter, status int, extensions map[string]any) {
	writeJSON(w, status, map[string]any{"errors": []any{map[string]any{
		"message":    "Refused.",
		"extensions": extensions,
	}}})
}

// refusePayload is how Directus says what it dislikes, in words.
func refusePayload(w http.ResponseWriter, reason string) {
	refuseWith(w, http.StatusBadRequest, map[string]any{"code": "INVALID_PAYLOAD", "reason": reason})
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client may be gone
}
