package clients

import (
	"crypto/sha256"
	"encoding/json"
	"slices"

	"gatehouse/storage"
)

// presentation is what people know a client by: what they see of it, where their
// answers go, and which others know them by the same sub.
type presentation struct {
	RedirectURIs                    []string
	Name, Logo, Home, Policy, Terms string
	SubjectType, SectorIdentifier   string
}

func presentationOf(client storage.Client) presentation {
	return presentation{
		RedirectURIs: client.RedirectURIs, Name: client.Name, Logo: client.LogoURI, Home: client.ClientURI,
		Policy: client.PolicyURI, Terms: client.TermsOfServiceURI,
		SubjectType: client.SubjectType, SectorIdentifier: client.SectorIdentifierURI,
	}
}

// SamePresentation says whether people would know the client again. What they
// allowed one that they would not know counts no more.
func SamePresentation(a, b storage.Client) bool {
	return slices.Equal(presentationDigest(a), presentationDigest(b))
}

func presentationDigest(client storage.Client) []byte {
	p := presentationOf(client)
	// No addresses are written in one way only.
	if len(p.RedirectURIs) == 0 {
		p.RedirectURIs = nil
	}
	raw, _ := json.Marshal(p) //nolint:errchkjson // strings and lists of them always can be
	sum := sha256.Sum256(raw)
	return sum[:]
}
