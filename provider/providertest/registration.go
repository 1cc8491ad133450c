package providertest

import (
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"testing"
)

// Metadata is what a client sends to register, or to change its registration.
type Metadata map[string]any

// With returns a copy with more, or other, members; nil takes one away.
func (m Metadata) With(name string, value any) Metadata {
	all := Metadata{}
	maps.Copy(all, m)
	all[name] = value
	if value == nil {
		delete(all, name)
	}
	return all
}

// SendJSON sends a body of JSON to a path below the issuer, with the bearer token
// unless that is empty. A body that is a string is sent as it stands.
func (s *Server) SendJSON(t testing.TB, method, path, bearer string, body any) Answer {
	t.Helper()
	text, ok := body.(string)
	if !ok {
		raw, err := json.Marshal(body)
		if err != nil {
			t.Fatalf("encode body: %v", err)
		}
		text = string(raw)
	}
	r, err := http.NewRequestWithContext(t.Context(), method, s.Issuer+path, strings.NewReader(text))
	if err != nil {
		t.Fatalf("request %s: %v", path, err)
	}
	r.Header.Set("Content-Type", "application/json")
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	return s.Do(t, r)
}

// Register registers a client without token.
func (s *Server) Register(t testing.TB, metadata Metadata) Answer {
	t.Helper()
	return s.SendJSON(t, http.MethodPost, "/clients", "", metadata)
}
