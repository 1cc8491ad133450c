package clients

import (
	"slices"

	"github.com/go-jose/go-jose/v4"

	"gatehouse/storage"
)

// profile holds the client to its security profile.
func (v *validation) profile() {
	v.oneOf("security_profile", v.client.SecurityProfile, Profiles())
	if v.client.SecurityProfile != "" && !slices.Contains(Profiles(), v.client.SecurityProfile) {
		return
	}
	row := ProfileOf(v.client)
	if UsesSecret(v.client) && !row.SharedSecrets {
		v.refuse("token_endpoint_auth_method", "the security profile %s allows no client secret; use private_key_jwt", row.Name)
	}
	algorithm := jose.SignatureAlgorithm(v.client.TokenEndpointAuthSigningAlg)
	if v.client.TokenEndpointAuthMethod == methodPrivateKeyJWT && algorithm != "" && !slices.Contains(row.Algorithms, algorithm) {
		v.refuse("token_endpoint_auth_signing_alg", "the security profile %s does not allow %s", row.Name, algorithm)
	}
}

// signingSecret sees to it that a secret that is a key was kept, and is long enough
// for one (RFC 7518, section 3.2).
func (v *validation) signingSecret() {
	for _, kept := range v.client.SecretDigests {
		switch {
		case !SignsWithSecret(v.client) && kept.Secret != "":
			v.refuse("client_secret", "is kept only for client_secret_jwt; keep its digest")
		case !SignsWithSecret(v.client):
		case kept.Secret == "":
			v.refuse("client_secret", "client_secret_jwt needs the secret itself, of which only the digest is known; give the client a new one")
		case len(kept.Secret) < leastSigningSecret(v.client):
			v.refuse("client_secret", "%s needs a secret of at least %d characters (RFC 7518, section 3.2)", v.client.TokenEndpointAuthSigningAlg, leastSigningSecret(v.client))
		}
	}
}

func leastSigningSecret(client storage.Client) int {
	switch client.TokenEndpointAuthSigningAlg {
	case string(jose.HS512):
		return 64
	case string(jose.HS384):
		return 48
	}
	return MinSecretLength
}
