package authorize

import (
	"context"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"gatehouse/provider/clients"
	"gatehouse/provider/oauth"
	"gatehouse/storage"
)

// maxObject bounds a request object, encrypted or not, by value or by reference.
const maxObject = 32 << 10

// Signatures checks that a client made a signature. clientkeys.Keys satisfies it.
type Signatures interface {
	Verify(ctx context.Context, client storage.Client, token *jwt.JSONWebToken) error
}

// Decrypter opens what was encrypted to the issuer. keys.Ring satisfies it.
type Decrypter interface {
	Decrypt(ctx context.Context, jwe string) ([]byte, error)
}

// ObjectAlgorithms lists what a request object may be signed with, for discovery.
// "none" and the symmetric ones can never be among them.
func ObjectAlgorithms() []jose.SignatureAlgorithm {
	var all []jose.SignatureAlgorithm
	for _, profile := range clients.Profiles() {
		for _, algorithm := range clients.ProfileOf(storage.Client{SecurityProfile: profile}).Algorithms {
			if !slices.Contains(all, algorithm) {
				all = append(all, algorithm)
			}
		}
	}
	return all
}

// invalidObject refuses a request object. What was wrong exactly is told to those
// only who could sign it.
func invalidObject(description string) *oauth.Error {
	return oauth.NewError(oauth.InvalidRequestObject, description)
}

// checkObject reads the request object, if there is one, and lays what is in it
// over the parameters, so that every other check sees what the client signed
// (OpenID Connect Core 1.0, section 6.3.3; RFC 9101, section 6.3).
//
// It runs before the redirect_uri is known, which may stand in the object alone.
// What it refuses goes to the redirect_uri beside the object, if that is a good one.
func checkObject(a *attempt) error {
	inside, err := a.object()
	if err != nil {
		_ = checkRedirectURI(a) // says where the refusal may go, if anywhere
		return err
	}
	if inside == nil {
		return nil
	}
	merged := maps.Clone(a.parameters)
	delete(merged, "request")
	delete(merged, "request_uri")
	maps.Copy(merged, inside)
	a.parameters = merged
	return nil
}

// object returns the parameters in the request object, or nil if there is none.
func (a *attempt) object() (url.Values, error) {
	value, reference := a.get("request"), a.get("request_uri")
	switch {
	case len(a.parameters["request"]) > 1 || len(a.parameters["request_uri"]) > 1:
		return nil, invalid("request or request_uri is given more than once")
	case value != "" && reference != "":
		// OpenID Connect Core 1.0, section 6.2; RFC 9101, section 5.
		return nil, invalid("request and request_uri exclude each other")
	case value == "" && reference == "":
		return nil, nil
	}
	// OpenID Connect Core 1.0, section 6.1: beside the object it must still be an
	// OAuth 2.0 request, and one of OpenID Connect by its scope.
	for _, name := range []string{"response_type", "scope"} {
		if a.get(name) == "" {
			return nil, invalid(name + " is missing beside the request object")
		}
	}
	if reference != "" {
		var err error
		if value, err = a.endpoint.documents.get(a.ctx, a.client, reference); err != nil {
			return nil, err
		}
	}
	members, err := a.endpoint.openObject(a.ctx, a.client, value)
	if err != nil {
		return nil, err
	}
	if err := a.endpoint.checkMembers(a.client, members); err != nil {
		return nil, err
	}
	inside, err := objectParameters(members)
	if err != nil {
		return nil, err
	}
	return inside, a.agrees(inside)
}

// agrees checks that the object does not contradict what stands beside it where
// that is not allowed (OpenID Connect Core 1.0, section 6.1; RFC 9101, section 5).
func (a *attempt) agrees(inside url.Values) error {
	if inside.Has("client_id") && inside.Get("client_id") != a.client.ID {
		return invalidObject("client_id of the request object is another one than beside it")
	}
	if inside.Has("response_type") && oauth.NormalResponseType(inside.Get("response_type")) != oauth.NormalResponseType(a.get("response_type")) {
		return invalidObject("response_type of the request object is another one than beside it")
	}
	return nil
}

// openObject decrypts a request object where it is encrypted, checks that the
// client signed it, and returns its members.
func (e *Endpoint) openObject(ctx context.Context, client storage.Client, object string) (map[string]json.RawMessage, error) {
	if len(object) > maxObject {
		return nil, invalidObject("the request object is too long")
	}
	signed, err := e.decryptObject(ctx, object)
	if err != nil {
		return nil, err
	}
	algorithms := clients.ProfileOf(client).Algorithms
	if registered := jose.SignatureAlgorithm(client.RequestObjectSigningAlg); registered != "" {
		// OpenID Connect Dynamic Client Registration 1.0, section 2: signed by any
		// other it must be refused. One that the profile forbids stays forbidden.
		algorithms = slices.DeleteFunc(algorithms, func(a jose.SignatureAlgorithm) bool { return a != registered })
	}
	token, err := jwt.ParseSigned(signed, algorithms)
	if err != nil {
		return nil, invalidObject("the request object is not a JWT signed with an algorithm that this client may use").WithCause(err)
	}
	if !isObjectType(token.Headers[0]) {
		// Otherwise something else that the client signed might pass for a
		// request (RFC 9101, section 10.8).
		return nil, invalidObject("typ says that it is no request object")
	}
	if err := e.Signatures.Verify(ctx, client, token); err != nil {
		return nil, invalidObject("the request object was not signed by a key of this client").WithCause(err)
	}
	members := map[string]json.RawMessage{}
	if err := token.UnsafeClaimsWithoutVerification(&members); err != nil {
		return nil, invalidObject("the request object does not hold a JSON object").WithCause(err)
	}
	return members, nil
}

// decryptObject returns what is signed. That a client registered how it encrypts
// says that it may, not that it must, nor that it does in that way only (OpenID
// Connect Dynamic Client Registration 1.0, section 2, request_object_encryption_alg):
// what makes the request the client's own is its signature.
func (e *Endpoint) decryptObject(ctx context.Context, object string) (string, error) {
	if strings.Count(object, ".") != 4 {
		return object, nil
	}
	content, err := e.Decrypter.Decrypt(ctx, object)
	if err != nil {
		return "", invalidObject("the request object does not decrypt").WithCause(err)
	}
	return string(content), nil
}

// isObjectType takes the type of RFC 9101, section 10.8, and what was usual before
// it.
func isObjectType(header jose.Header) bool {
	typ, named := header.ExtraHeaders[jose.HeaderType]
	if !named {
		return true
	}
	text, _ := typ.(string)
	// RFC 7515, section 4.1.9: media types know no case, and the prefix may be
	// left out.
	text = strings.TrimPrefix(strings.ToLower(text), "application/")
	return text == "jwt" || text == "oauth-authz-req+jwt"
}
