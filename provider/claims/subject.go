package claims

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"

	"gatehouse/provider/clients"
	"gatehouse/storage"
)

// MinPairwiseSecret is the least number of bytes of the secret that pairwise
// subjects are derived with.
const MinPairwiseSecret = 32

// Subjects says by which sub a client knows a user (OpenID Connect Core 1.0,
// section 8). It is safe for concurrent use.
type Subjects struct {
	secret []byte
}

// NewSubjects returns Subjects. Without a secret every subject is public; with
// one, which must never change, clients may ask for pairwise ones.
func NewSubjects(secret []byte) (*Subjects, error) {
	if len(secret) > 0 && len(secret) < MinPairwiseSecret {
		return nil, errors.New("the secret of pairwise subjects needs 32 bytes")
	}
	return &Subjects{secret: secret}, nil
}

// Types lists the subject types, for discovery and registration.
func (s *Subjects) Types() []string {
	if len(s.secret) == 0 {
		return []string{"public"}
	}
	return []string{"public", "pairwise"}
}

// Of returns the sub of the user with the id for the client. Clients of the same
// sector get the same, and those of two sectors cannot compare theirs (section
// 8.1). It is empty for a client with pairwise subjects if there is no secret for
// them: what came of an empty key, anybody could compute.
func (s *Subjects) Of(client storage.Client, userID string) string {
	if !client.Pairwise() || userID == "" {
		return userID
	}
	if len(s.secret) == 0 {
		return ""
	}
	mac := hmac.New(sha256.New, s.secret)
	mac.Write([]byte("gatehouse pairwise subject\x00" + clients.Sector(client) + "\x00" + userID))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// Is says whether the client knows the user with the id by this sub.
func (s *Subjects) Is(client storage.Client, sub, userID string) bool {
	return sub != "" && hmac.Equal([]byte(sub), []byte(s.Of(client, userID)))
}
