package storage

import "encoding/json"

// ClaimsRequest is the parameter claims (OpenID Connect Core 1.0, section 5.5):
// claims asked for by name, at the UserInfo endpoint and in the ID token.
type ClaimsRequest struct {
	UserInfo map[string]ClaimRequest `json:"userinfo,omitempty"`
	IDToken  map[string]ClaimRequest `json:"id_token,omitempty"`
}

// IsZero says that nothing is asked for.
func (r ClaimsRequest) IsZero() bool { return len(r.UserInfo) == 0 && len(r.IDToken) == 0 }

// ClaimRequest is what is asked of one claim (section 5.5.1). Its zero value asks
// for it voluntarily and in any value.
type ClaimRequest struct {
	Essential bool `json:"essential,omitempty"`
	// Values are the acceptable ones as JSON, the most wished-for first; empty
	// for any. The member value is one of them.
	Values []json.RawMessage `json:"values,omitempty"`
}

// Texts are the acceptable values that are strings.
func (c ClaimRequest) Texts() []string {
	var texts []string
	for _, value := range c.Values {
		var text *string
		if json.Unmarshal(value, &text) == nil && text != nil {
			texts = append(texts, *text)
		}
	}
	return texts
}
