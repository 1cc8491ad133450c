package clients

import "gatehouse/storage"

// encryption is what of a client's metadata says how something is encrypted.
type encryption struct {
	// name is that of the metadata without _alg and _enc.
	name                  string
	algorithm, encryption *string
	// ours says that it is encrypted to us, not to the client.
	ours bool
}

func encryptions(client *storage.Client) []encryption {
	return []encryption{
		{"id_token_encrypted_response", &client.IDTokenEncryptedResponseAlg, &client.IDTokenEncryptedResponseEnc, false},
		{"userinfo_encrypted_response", &client.UserInfoEncryptedResponseAlg, &client.UserInfoEncryptedResponseEnc, false},
		{"request_object_encryption", &client.RequestObjectEncryptionAlg, &client.RequestObjectEncryptionEnc, true},
	}
}

// algorithms: "none" is on no list, so that nothing goes unsigned.
func (v *validation) algorithms() {
	client := v.client
	v.oneOf("id_token_signed_response_alg", client.IDTokenSignedResponseAlg, v.rules.SigningAlgorithms)
	v.oneOf("userinfo_signed_response_alg", client.UserInfoSignedResponseAlg, v.rules.SigningAlgorithms)
	v.oneOf("request_object_signing_alg", client.RequestObjectSigningAlg, v.rules.AssertionAlgorithms)
}

func (v *validation) encrypted() {
	for _, e := range encryptions(&v.client) {
		algorithms, contents := v.rules.EncryptionAlgorithms, v.rules.ContentEncryptions
		if e.ours {
			algorithms, contents = v.rules.RequestEncryptionAlgorithms, v.rules.RequestContentEncryptions
		}
		if *e.algorithm == "" {
			if *e.encryption != "" {
				// OpenID Connect Dynamic Client Registration 1.0, section 2.
				v.refuse(e.name+"_enc", "needs %s_alg", e.name)
			}
			continue
		}
		before := len(v.errs)
		v.oneOf(e.name+"_alg", *e.algorithm, algorithms)
		if len(v.errs) > before {
			continue
		}
		v.oneOf(e.name+"_enc", *e.encryption, contents)
		if !e.ours && len(v.client.JWKS) == 0 && v.client.JWKSURI == "" {
			v.refuse(e.name+"_alg", "needs a public key of the client to encrypt to, as jwks or jwks_uri")
		}
	}
}
