package directustest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// CustomerRole is the role that a new Server has.
const CustomerRole = "00000000-0000-4000-8000-00000000000c"

// Role is a row of directus_roles.
type Role struct {
	ID, Name string // the ID is made up if empty
	// Parent is the id of the role above, or empty.
	Parent string
	// Admin and App are of Directus 10 alone.
	Admin, App bool
}

// Policy is a row of directus_policies.
type Policy struct {
	ID, Name   string // the ID is made up if empty
	Admin, App bool
	// Holders are the ids of the roles and users that hold it.
	Holders []string
}

// AddRole adds a role, or replaces it, and returns its id.
func (s *Server) AddRole(role Role) (id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if role.ID == "" {
		role.ID = randomUUID()
	}
	s.roles[role.ID] = role
	return role.ID
}

// AddPolicy adds a policy, or replaces it, and returns its id.
func (s *Server) AddPolicy(policy Policy) (id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if policy.ID == "" {
		policy.ID = randomUUID()
	}
	s.policies[policy.ID] = policy
	return policy.ID
}

// LetRead gives the service token the right to read further collections. A new
// Server lets it read directus_users and directus_roles.
func (s *Server) LetRead(collections ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.readable = append(s.readable, collections...)
}

// LetReadOnly gives it these rights and takes other further ones away.
func (s *Server) LetReadOnly(collections ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.readable = collections
}

// WithoutPolicies makes the roles those of Directus 10.
func (s *Server) WithoutPolicies() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ten = true
}

// mayRead needs the lock.
func (s *Server) mayRead(who caller, collection string) bool {
	switch who {
	case administrator:
		return true
	case service, writer:
		return collection == "directus_users" || collection == "directus_roles" || slices.Contains(s.readable, collection)
	case stranger, person:
	}
	return false
}

func (s *Server) searchRoles(w http.ResponseWriter, r *http.Request, who caller) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var rows []map[string]any
	for _, role := range s.roles {
		row := map[string]any{"id": role.ID, "name": role.Name, "parent": orNull(role.Parent)}
		if s.ten {
			row = map[string]any{"id": role.ID, "name": role.Name, "admin_access": role.Admin, "app_access": role.App}
		}
		rows = append(rows, row)
	}
	s.search(w, r, who, "directus_roles", rows)
}

// searchAccess answers rows of directus_access, with their policies in them.
func (s *Server) searchAccess(w http.ResponseWriter, r *http.Request, who caller) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ten {
		refuse(w, http.StatusNotFound, "ROUTE_NOT_FOUND")
		return
	}
	var rows []map[string]any
	for _, policy := range s.policies {
		for _, holder := range policy.Holders {
			row := map[string]any{"id": policy.ID + holder, "role": nil, "user": nil, "policy": map[string]any{
				"id": policy.ID, "name": policy.Name, "admin_access": policy.Admin, "app_access": policy.App,
			}}
			if _, isRole := s.roles[holder]; isRole {
				row["role"] = holder
			} else {
				row["user"] = holder
			}
			if !s.mayRead(who, "directus_policies") {
				row["policy"] = hidden{}
			}
			rows = append(rows, row)
		}
	}
	s.search(w, r, who, "directus_access", rows)
}

// hidden stands for a relation whose rows the token may not read: what is asked of
// it is left out.
type hidden struct{}

// search answers a query over the rows of a collection. It needs the lock.
func (s *Server) search(w http.ResponseWriter, r *http.Request, who caller, collection string, rows []map[string]any) {
	var body struct {
		Query struct {
			Filter map[string]any `json:"filter"`
			Fields []string       `json:"fields"`
			Limit  int            `json:"limit"`
		} `json:"query"`
	}
	if json.NewDecoder(r.Body).Decode(&body) != nil {
		refuse(w, http.StatusBadRequest, "INVALID_PAYLOAD")
		return
	}
	if !s.mayRead(who, collection) {
		refuse(w, http.StatusForbidden, "FORBIDDEN")
		return
	}
	found := []map[string]any{}
	for _, row := range rows {
		if !matches(row, body.Query.Filter) {
			continue
		}
		shown := map[string]any{}
		for _, field := range body.Query.Fields {
			// Directus 10 leaves out a column that does not exist.
			if !show(shown, row, strings.Split(field, ".")) && !s.ten {
				refuse(w, http.StatusForbidden, "FORBIDDEN")
				return
			}
		}
		found = append(found, shown)
	}
	if found, ok := limited(s, w, body.Query.Limit, found); ok {
		answer(w, found)
	}
}
