package directustest

import (
	"encoding/json"
	"net/http"
	"strings"
)

// caller is who a bearer token belongs to.
type caller int

const (
	stranger caller = iota
	service
	administrator
)

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /auth/login", s.login)
	mux.HandleFunc("POST /auth/refresh", s.refresh)
	mux.HandleFunc("POST /auth/logout", s.logout)
	mux.HandleFunc("SEARCH /users", s.known(s.searchUsers))
	mux.HandleFunc("SEARCH /roles", s.known(func(w http.ResponseWriter, _ *http.Request, who caller) {
		if who == stranger {
			refuse(w, http.StatusForbidden, "FORBIDDEN")
			return
		}
		answer(w, []any{map[string]any{"id": "00000000-0000-4000-8000-00000000000c", "name": "Customer"}})
	}))
	mux.HandleFunc("GET /server/ping", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("pong"))
	})
	mux.HandleFunc("GET /server/info", s.known(s.info))
	mux.HandleFunc("GET /policies/me/globals", s.known(s.globals))
	mux.HandleFunc("GET /permissions/me", s.known(s.permissions))
	mux.HandleFunc("GET /users/me", s.known(s.me))
	mux.HandleFunc("GET /auth", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string]any{"data": []any{}, "disableDefault": false})
	})
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
		default:
			refuse(w, http.StatusUnauthorized, "INVALID_CREDENTIALS")
		}
	}
}

func (s *Server) info(w http.ResponseWriter, _ *http.Request, who caller) {
	data := map[string]any{
		"project": map[string]any{"project_name": "Directus", "public_registration": false, "public_registration_verify_email": true},
		"license": map[string]any{"source": nil},
	}
	if who != stranger {
		data["version"] = "12.4.0"
	}
	answer(w, data)
}

func (s *Server) globals(w http.ResponseWriter, _ *http.Request, who caller) {
	if who == stranger {
		answer(w, map[string]any{"app_access": false})
		return
	}
	answer(w, map[string]any{
		"app_access": who == administrator, "admin_access": who == administrator, "enforce_tfa": false,
	})
}

func (s *Server) permissions(w http.ResponseWriter, _ *http.Request, who caller) {
	none, full := map[string]any{"access": "none"}, map[string]any{"access": "full", "fields": []string{"*"}}
	write := none
	switch who {
	case stranger:
		refuse(w, http.StatusForbidden, "FORBIDDEN")
		return
	case administrator:
		write = full
	case service:
	}
	rights := map[string]any{"read": full, "create": write, "update": write, "delete": write, "share": write}
	answer(w, map[string]any{"directus_users": rights, "directus_roles": rights})
}

func (s *Server) me(w http.ResponseWriter, _ *http.Request, who caller) {
	switch who {
	case stranger:
		refuse(w, http.StatusUnauthorized, "INVALID_CREDENTIALS")
	case administrator:
		answer(w, map[string]any{"id": ownID(who), "status": "active", "email": "admin@example.com"})
	case service:
		answer(w, map[string]any{"id": ownID(who), "status": "active", "email": "gatehouse@example.com"})
	}
}

// ownID is the id of the user that a token belongs to.
func ownID(who caller) string {
	if who == administrator {
		return "00000000-0000-4000-8000-00000000000a"
	}
	return "00000000-0000-4000-8000-00000000000b"
}

func answer(w http.ResponseWriter, data any) {
	writeJSON(w, http.StatusOK, map[string]any{"data": data})
}

func refuse(w http.ResponseWriter, status int, code string) {
	writeJSON(w, status, map[string]any{"errors": []any{map[string]any{
		"message":    "Refused.",
		"extensions": map[string]any{"code": code},
	}}})
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client may be gone
}
