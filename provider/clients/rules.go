package clients

import (
	"errors"
	"slices"

	"gatehouse/provider/oauth"
	"gatehouse/storage"
)

// Rules are what this issuer can do; a client may ask for nothing else. The
// lists come from the tables that the endpoints run on.
type Rules struct {
	GrantTypes    []string
	ResponseTypes []string
	// AuthMethods are those of the token endpoint.
	AuthMethods []string
	// SigningAlgorithms are those with a signing key, the default first.
	SigningAlgorithms []string
	// AssertionAlgorithms are those that a client may sign assertions and
	// request objects with by a key of its own, and SecretAlgorithms those for
	// client_secret_jwt.
	AssertionAlgorithms, SecretAlgorithms []string
	// SubjectTypes is "public", and "pairwise" where there is a secret for it.
	SubjectTypes []string
	// EncryptionAlgorithms and ContentEncryptions are those that ID tokens and
	// userinfo can be encrypted with for a client.
	EncryptionAlgorithms, ContentEncryptions []string
	// RequestEncryptionAlgorithms and RequestContentEncryptions are those of
	// request objects that can be decrypted.
	RequestEncryptionAlgorithms, RequestContentEncryptions []string
}

// FieldError says which field of the metadata is wrong, and how to mend it. It
// never repeats a secret.
type FieldError struct {
	// Field is the name in RFC 7591, such as "redirect_uris".
	Field string
	// Problem is for whoever wrote the metadata down, and repeats what is
	// wrong; Rule is the same without a word of the metadata.
	Problem string
	Rule    string
}

func (e *FieldError) Error() string { return e.Field + ": " + e.Problem }

// Fields returns every FieldError in err, in order.
func Fields(err error) []*FieldError {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []*FieldError
		for _, one := range joined.Unwrap() {
			all = append(all, Fields(one)...)
		}
		return all
	}
	if field, ok := errors.AsType[*FieldError](err); ok {
		return []*FieldError{field}
	}
	return nil
}

// defaultContentEncryption is that of OpenID Connect Dynamic Client Registration
// 1.0, section 2, for metadata that names an algorithm only.
const defaultContentEncryption = "A128CBC-HS256"

// grantsFor lists the grant types that go with response types, authorization_code
// if there are none.
func grantsFor(responseTypes []string) []string {
	var grants []string
	for _, responseType := range responseTypes {
		for _, grant := range oauth.ResponseTypeGrants(responseType) {
			if !slices.Contains(grants, grant) {
				grants = append(grants, grant)
			}
		}
	}
	if len(grants) == 0 {
		return []string{grantAuthorizationCode}
	}
	return grants
}

// WithDefaults fills in what RFC 7591 says of metadata that is left out, and
// writes response types in our order. Left-out grant types are those that the
// response types need.
func WithDefaults(client storage.Client) storage.Client {
	// What others hold of the client stays as it is.
	client.ResponseTypes = slices.Clone(client.ResponseTypes)
	for i, responseType := range client.ResponseTypes {
		client.ResponseTypes[i] = oauth.NormalResponseType(responseType)
	}
	if len(client.GrantTypes) == 0 {
		client.GrantTypes = grantsFor(client.ResponseTypes)
	}
	if len(client.ResponseTypes) == 0 && slices.Contains(client.GrantTypes, grantAuthorizationCode) {
		client.ResponseTypes = []string{oauth.ResponseTypeCode}
	}
	if client.ApplicationType == "" {
		client.ApplicationType = "web"
	}
	for _, encrypted := range encryptions(&client) {
		if *encrypted.algorithm != "" && *encrypted.encryption == "" {
			*encrypted.encryption = defaultContentEncryption
		}
	}
	return client
}

// Validate returns nil or one FieldError a fault, joined. The client must have
// its defaults.
func Validate(client storage.Client, rules Rules) error {
	v := &validation{client: client, rules: rules}
	for _, check := range []func(){
		v.identity, v.authentication, v.signingSecret, v.profile, v.keys, v.grants, v.redirects, v.sector,
		v.algorithms, v.encrypted, v.tokens, v.allow, v.requests, v.addresses, v.logout, v.words, v.bounds,
	} {
		check()
	}
	return errors.Join(v.errs...)
}
