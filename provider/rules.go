package provider

import (
	"gatehouse/keys"
	"gatehouse/provider/clientauth"
	"gatehouse/provider/clientkeys"
	"gatehouse/provider/clients"
	"gatehouse/provider/oauth"
)

// ClientRules are what clients of any issuer may ask for, from the tables that
// the endpoints run on. An issuer narrows them to the keys and secrets it has.
func ClientRules() clients.Rules {
	return clients.Rules{
		GrantTypes:          GrantTypes(),
		ResponseTypes:       oauth.ResponseTypes(),
		AuthMethods:         texts(clientauth.Methods()),
		SigningAlgorithms:   texts(keys.Algorithms()),
		AssertionAlgorithms: texts(clientauth.SigningAlgorithms()),
		SecretAlgorithms:    texts(clientauth.SecretAlgorithms()),
		SubjectTypes:        []string{"public", "pairwise"},

		EncryptionAlgorithms: texts(clientkeys.EncryptionAlgorithms()), ContentEncryptions: texts(clientkeys.ContentEncryptions()),
		RequestEncryptionAlgorithms: texts(keys.EncryptionAlgorithms()), RequestContentEncryptions: texts(keys.ContentEncryptions()),
	}
}

// clientRules are those of this issuer.
func (p *Provider) clientRules(config Config) clients.Rules {
	rules := ClientRules()
	rules.SigningAlgorithms = texts(config.Keys.Algorithms())
	rules.RequestEncryptionAlgorithms = texts(config.Keys.EncryptionAlgorithms())
	rules.SubjectTypes = p.subjects.Types()
	return rules
}

func texts[S ~string](values []S) []string {
	all := make([]string, len(values))
	for i, value := range values {
		all[i] = string(value)
	}
	return all
}
