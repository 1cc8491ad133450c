package directustest

import "net/http"

// Policy is a row of directus_policies, with what hangs on it.
type Policy struct {
	Name              string
	Admin, EnforceTFA bool
	// Updates are columns of users that it lets people change.
	Updates []string
	// Roles and Users have it, by id.
	Roles, Users []string
}

// Policies sets the policies that an administrator sees, and which role is below
// which other. What tokens may do does not follow from them.
func (s *Server) Policies(policies []Policy, parents map[string]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.policies, s.parents = policies, parents
}

// administered answers administrators alone.
func (s *Server) administered(rows func(s *Server) []any) http.HandlerFunc {
	return s.known(func(w http.ResponseWriter, r *http.Request, who caller) {
		if who != administrator && !(who == person && s.person(r).Admin) {
			refuse(w, http.StatusForbidden, "FORBIDDEN")
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		answer(w, rows(s))
	})
}

// The rows of what an administrator sees. A policy's name is its id.

func policyRows(s *Server) []any {
	rows := []any{}
	for _, policy := range s.policies {
		rows = append(rows, map[string]any{
			"id": policy.Name, "name": policy.Name, "admin_access": policy.Admin, "enforce_tfa": policy.EnforceTFA,
		})
	}
	return rows
}

func accessRows(s *Server) []any {
	rows := []any{}
	for _, policy := range s.policies {
		for _, role := range policy.Roles {
			rows = append(rows, map[string]any{"policy": policy.Name, "role": role, "user": nil})
		}
		for _, id := range policy.Users {
			user := map[string]any{"id": id, "role": nil}
			if account := s.users[id]; account != nil {
				user["role"] = account.row()["role"]
			}
			rows = append(rows, map[string]any{"policy": policy.Name, "role": nil, "user": user})
		}
	}
	return rows
}

func roleRows(s *Server) []any {
	rows := []any{}
	for role, parent := range s.parents {
		rows = append(rows, map[string]any{"id": role, "parent": orNull(parent)})
	}
	return rows
}

func permissionRows(s *Server) []any {
	rows := []any{}
	for _, policy := range s.policies {
		if policy.Updates != nil {
			rows = append(rows, map[string]any{"policy": policy.Name, "fields": policy.Updates})
		}
	}
	return rows
}
