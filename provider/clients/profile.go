package clients

import (
	"slices"

	"github.com/go-jose/go-jose/v4"

	"gatehouse/storage"
)

// ProfileOIDC is the security profile of a client that names none.
const ProfileOIDC = "oidc"

// Profile is one security profile: a row for each rule on which specifications
// contradict each other.
type Profile struct {
	Name string
	// AssertionEndpoints says that a client assertion may name an endpoint of
	// ours as its audience, besides the issuer, and AssertionAudienceList that
	// the audience may be an array.
	AssertionEndpoints    bool
	AssertionAudienceList bool
	// Algorithms are those that the client may sign assertions and request
	// objects with by a key of its own.
	Algorithms []jose.SignatureAlgorithm
	// SharedSecrets says that client_secret_basic, client_secret_post and
	// client_secret_jwt will do.
	SharedSecrets bool
}

// profiles is every security profile there is. That of FAPI 2.0 and others are
// rows to come.
func profiles() []Profile {
	return []Profile{
		{
			Name: ProfileOIDC, AssertionEndpoints: true, AssertionAudienceList: true, SharedSecrets: true,
			Algorithms: []jose.SignatureAlgorithm{
				jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512,
				jose.ES256, jose.ES384, jose.ES512, jose.EdDSA,
			},
		},
	}
}

// Profiles lists the names of the security profiles, the default first.
func Profiles() []string {
	var names []string
	for _, p := range profiles() {
		names = append(names, p.Name)
	}
	return names
}

// Algorithms lists what clients of any profile may sign with by a key of their own,
// for discovery and registration. "none" and the symmetric ones can never be among
// them.
func Algorithms() []jose.SignatureAlgorithm {
	var all []jose.SignatureAlgorithm
	for _, p := range profiles() {
		for _, algorithm := range p.Algorithms {
			if !slices.Contains(all, algorithm) {
				all = append(all, algorithm)
			}
		}
	}
	return all
}

// ProfileOf returns the security profile of a client. Validate lets no unknown
// one in.
func ProfileOf(client storage.Client) Profile {
	all := profiles()
	i := slices.IndexFunc(all, func(p Profile) bool { return p.Name == client.SecurityProfile })
	return all[max(i, 0)]
}
