package oauth

import (
	"encoding/json"
	"net/http"
)

// WriteJSON answers with JSON that no cache keeps (RFC 6749, section 5.1).
func WriteJSON(w http.ResponseWriter, status int, body any) {
	encoded, err := json.Marshal(body)
	if err != nil {
		status, encoded = http.StatusInternalServerError, []byte(`{"error":"server_error"}`)
	}
	write(w, status, "application/json", encoded)
}

// WriteJWT answers with a signed or encrypted token that no cache keeps (OpenID
// Connect Core 1.0, section 5.3.2).
func WriteJWT(w http.ResponseWriter, token string) {
	write(w, http.StatusOK, "application/jwt", []byte(token))
}

func write(w http.ResponseWriter, status int, contentType string, body []byte) {
	header := w.Header()
	header.Set("Content-Type", contentType)
	header.Set("Cache-Control", "no-store")
	header.Set("Pragma", "no-cache")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

type errorBody struct {
	Code        string `json:"error"`
	Description string `json:"error_description,omitempty"`
}

// WriteError answers with the error as JSON (RFC 6749, section 5.2).
func WriteError(w http.ResponseWriter, err error) {
	e := AsError(err)
	for key, values := range e.Header {
		for _, value := range values {
			w.Header().Add(key, value)
		}
	}
	WriteJSON(w, e.Status, errorBody{Code: e.Code, Description: e.Description})
}
