package directustest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"gatehouse/storage"
)

// AllowOwnUpdate lets every user change columns of his own row, or all of them if
// none is named. A new Server refuses, as Directus 12 without a licence does.
// Nobody may read his row.
func (s *Server) AllowOwnUpdate(columns ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if columns == nil {
		columns = []string{"*"}
	}
	s.ownColumns = columns
}

// SetPasswordPolicy is auth_password_policy; nil takes any password.
func (s *Server) SetPasswordPolicy(takes func(password string) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.policy = takes
}

// knownPerson finds the user of an access token.
func (s *Server) knownPerson(w http.ResponseWriter, r *http.Request, next func(http.ResponseWriter, *http.Request, caller)) {
	s.mu.Lock()
	session := s.accesses[bearer(r)]
	expired := session != nil && !s.now().Before(session.expires)
	s.mu.Unlock()
	switch {
	case session == nil:
		refuse(w, http.StatusUnauthorized, "INVALID_CREDENTIALS")
	case expired:
		refuse(w, http.StatusUnauthorized, "TOKEN_EXPIRED")
	default: // whatever became of the user: nobody looks
		next(w, r, person)
	}
}

func bearer(r *http.Request) string {
	return strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
}

// person is the user whose access token a request carries.
func (s *Server) person(r *http.Request) User {
	s.mu.Lock()
	defer s.mu.Unlock()
	if session := s.accesses[bearer(r)]; session != nil && s.users[session.user] != nil {
		return s.users[session.user].User
	}
	return User{}
}

func (s *Server) ownPermissions(w http.ResponseWriter, r *http.Request) {
	who := s.person(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	granted := map[string]any{}
	if s.ownColumns != nil {
		rights := may("none", "none")
		rights["update"] = map[string]any{"access": "partial", "fields": s.ownColumns}
		granted["directus_users"] = rights
	}
	if s.ownFiles {
		rights := may("full", "none")
		rights["create"] = map[string]any{"access": "full", "fields": []string{"*"}}
		granted["directus_files"] = rights
	}
	if who.Admin {
		granted["directus_users"], granted["directus_files"] = may("full", "full"), may("full", "full")
	}
	answer(w, granted)
}

// mayUpdate says whether a caller may change columns of a user. It needs the lock.
func (s *Server) mayUpdate(who caller, asking User, id string, columns []string) bool {
	switch who {
	case administrator, writer:
		return true
	case person:
		return asking.Admin || asking.ID == id && !slices.ContainsFunc(columns, func(column string) bool {
			return !slices.Contains(s.ownColumns, "*") && !slices.Contains(s.ownColumns, column)
		})
	case stranger, service:
	}
	return false
}

// patchUser changes a row. It looks at rights before it looks at values.
func (s *Server) patchUser(w http.ResponseWriter, r *http.Request, who caller) {
	var change map[string]any
	if json.NewDecoder(r.Body).Decode(&change) != nil {
		refuse(w, http.StatusBadRequest, "INVALID_PAYLOAD")
		return
	}
	asking, id := s.person(r), r.PathValue("id")
	columns := slices.Collect(func(yield func(string) bool) {
		for column := range change {
			if !yield(column) {
				return
			}
		}
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	user := s.users[id]
	if user == nil || !s.mayUpdate(who, asking, id, columns) {
		refuse(w, http.StatusForbidden, "FORBIDDEN")
		return
	}
	password, changed := change["password"].(string)
	if changed && password != "" && s.policy != nil && !s.policy(password) {
		refusePassword(w, password)
		return
	}
	if changed {
		s.endSessions(id)
	}
	for column, value := range change {
		user.set(column, value)
	}
	if who == person && !asking.Admin { // may not read what he wrote
		w.WriteHeader(http.StatusNoContent)
		return
	}
	answer(w, map[string]any{"id": id})
}

// set changes a column.
func (a *account) set(column string, value any) {
	text, _ := value.(string)
	switch column {
	case "first_name":
		a.FirstName = text
	case "last_name":
		a.LastName = text
	case "password":
		a.Password = text
	case "email":
		a.Email = text
	case "status":
		a.Status = text
	default:
		fields := map[string]any{column: value}
		for name, kept := range a.Fields {
			if name != column {
				fields[name] = kept
			}
		}
		a.Fields = fields // readers may hold the old one
	}
}

// refusePassword repeats the password, as Directus does.
func refusePassword(w http.ResponseWriter, password string) {
	writeJSON(w, http.StatusBadRequest, map[string]any{"errors": []any{map[string]any{
		"message": `Validation failed for field "password". Value doesn't have the correct format.`,
		"extensions": map[string]any{
			"code": "FAILED_VALIDATION", "field": "password", "type": "regex", "path": []any{}, "invalid": password,
		},
	}}})
}

// isLocal says whether a user's password is here.
func (u User) isLocal() bool { return u.Provider == storage.DefaultProvider }
