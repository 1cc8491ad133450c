package session

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
)

// SID is the claim sid by which one client knows a session (OpenID Connect
// Back-Channel Logout 1.0, section 2.1). It is the same for every grant of the
// client in that session, and clients cannot compare theirs: the session id,
// which nobody outside knows, is the key.
func SID(sessionID, clientID string) string {
	if sessionID == "" {
		return ""
	}
	mac := hmac.New(sha256.New, []byte(sessionID))
	mac.Write([]byte("gatehouse sid\x00" + clientID))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:18])
}
