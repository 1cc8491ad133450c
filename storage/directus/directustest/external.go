package directustest

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"

	"gatehouse/storage"
)

// Offer sets the external providers. A new Server has none, as Directus 12
// without a licence.
func (s *Server) Offer(providers ...storage.ExternalProvider) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.providers = slices.Clone(providers)
}

func (s *Server) offer(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	rows := []any{}
	for _, provider := range s.providers {
		rows = append(rows, map[string]any{
			"name": provider.Name, "label": orNull(provider.Label), "driver": provider.Driver, "icon": orNull(provider.Icon),
		})
	}
	writeJSON(w, http.StatusOK, map[string]any{"data": rows, "disableDefault": false})
}

// RefreshCookie signs a user in as an external provider in mode "cookie" does,
// and returns the value of the cookie directus_refresh_token.
func (s *Server) RefreshCookie(id string) storage.Secret {
	s.mu.Lock()
	defer s.mu.Unlock()
	return storage.Secret(s.issue(s.users[id], false)["refresh_token"].(string))
}

// SessionCookie signs a user in as an external provider does by default, and
// returns the value of the cookie directus_session_token.
func (s *Server) SessionCookie(id string) storage.Secret {
	return ForgeSessionCookie(id, s.RefreshCookie(id))
}

// ForgeSessionCookie is a session token for a user and a session that need not
// belong together.
func ForgeSessionCookie(id string, session storage.Secret) storage.Secret {
	payload, _ := json.Marshal(map[string]any{"id": id, "session": session.Reveal(), "iss": "directus"}) // a map of texts
	encode := base64.RawURLEncoding.EncodeToString
	return storage.Secret(encode([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + encode(payload) + "." + randomText()[:43])
}
