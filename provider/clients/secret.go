package clients

import (
	"slices"
	"strings"
	"time"

	"gatehouse/provider/oauth"
	"gatehouse/storage"
)

// The bytes of randomness in a generated secret. That of client_secret_jwt becomes 64
// characters: enough for the key of HS512 (RFC 7518, section 3.2), and not more than
// a block of SHA-256, since HMAC takes a longer key for its SHA-256 digest, and that
// digest is kept of every secret.
const (
	secretSize        = 32
	signingSecretSize = 48
)

// UsesSecret says whether the client authenticates by a secret, in whatever form.
func UsesSecret(client storage.Client) bool {
	method := client.TokenEndpointAuthMethod
	return method == "" || strings.HasPrefix(method, "client_secret_")
}

// SignsWithSecret says whether the client authenticates by client_secret_jwt, for
// which the secret itself must be kept.
func SignsWithSecret(client storage.Client) bool {
	return client.TokenEndpointAuthMethod == methodClientSecretJWT
}

// SecretSize is the number of random bytes to make a secret of for the client.
func SecretSize(client storage.Client) int {
	if SignsWithSecret(client) {
		return signingSecretSize
	}
	return secretSize
}

// KeepSecret is what is to be kept of a secret of the client.
func KeepSecret(client storage.Client, secret storage.Secret) storage.SecretDigest {
	kept := storage.SecretDigest{SHA256: oauth.Digest(secret.Reveal())}
	if SignsWithSecret(client) {
		kept.Secret = secret.Reveal()
	}
	return kept
}

// KnowSecret takes note of a secret of the client that it presented, of which perhaps
// only the digest was known. FitSecrets then decides whether it is kept.
func KnowSecret(client *storage.Client, presented storage.Secret) {
	known := slices.Clone(client.SecretDigests)
	for i := range known {
		if oauth.DigestMatches(presented.Reveal(), known[i].SHA256) {
			known[i].Secret = presented.Reveal()
		}
	}
	client.SecretDigests = known
}

// FitSecrets removes what may not be kept any more after the client's method of
// authentication was changed, and says whether it then needs a new secret: that may
// be because only the digest of the old one is known, or because the old one is too
// short for the algorithm.
func FitSecrets(client *storage.Client) (needsNew bool) {
	if !UsesSecret(*client) {
		client.SecretDigests = nil
		return false
	}
	var fit []storage.SecretDigest
	for _, kept := range client.SecretDigests {
		if !SignsWithSecret(*client) {
			kept.Secret = ""
		} else if len(kept.Secret) < leastSigningSecret(*client) {
			continue
		}
		fit = append(fit, kept)
	}
	client.SecretDigests = fit
	return len(fit) == 0
}

// ReplaceSecret puts a new secret in front of the newest old one, which ends at the
// time given, or earlier if it would have. A zero time ends it at once.
func ReplaceSecret(client *storage.Client, secret storage.Secret, oldEnds time.Time) {
	kept := []storage.SecretDigest{KeepSecret(*client, secret)}
	if len(client.SecretDigests) > 0 && !oldEnds.IsZero() {
		old := client.SecretDigests[0]
		if old.Expires.IsZero() || old.Expires.After(oldEnds) {
			old.Expires = oldEnds
		}
		kept = append(kept, old)
	}
	client.SecretDigests = kept
}
