package claims

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"gatehouse/provider/strictjson"
	"gatehouse/storage"
)

// Bounds of the parameter claims. What is asked for is kept with the grant.
const (
	maxRequestLength = 8192
	maxRequestDepth  = 6
	maxRequestNames  = 64
	maxRequestValues = 32
)

// ErrRequest is wrapped by the errors of ParseRequest. They repeat nothing of what
// was sent.
var ErrRequest = errors.New("claims")

func malformed(problem string) error { return fmt.Errorf("%w %s", ErrRequest, problem) }

// ParseRequest reads the parameter claims (OpenID Connect Core 1.0, section 5.5).
// Members and claims that we do not know are left out, as the section asks; custom
// names those that are known beyond the standard ones.
func ParseRequest(text string, custom ...string) (storage.ClaimsRequest, error) {
	if len(text) > maxRequestLength {
		return storage.ClaimsRequest{}, malformed("is too long")
	}
	value, err := strictjson.Read([]byte(text), strictjson.Bounds{Depth: maxRequestDepth, Members: maxRequestNames, Items: maxRequestValues})
	if err != nil {
		return storage.ClaimsRequest{}, fmt.Errorf("%w %w", ErrRequest, err)
	}
	object, ok := value.(map[string]any)
	if !ok {
		return storage.ClaimsRequest{}, malformed("is not a JSON object")
	}
	var request storage.ClaimsRequest
	if request.UserInfo, err = parseMember(object, "userinfo", append(userInfoClaims(), custom...)); err != nil {
		return storage.ClaimsRequest{}, err
	}
	if request.IDToken, err = parseMember(object, "id_token", append(idTokenClaims(), custom...)); err != nil {
		return storage.ClaimsRequest{}, err
	}
	return request, nil
}

// userInfoClaims and idTokenClaims are the claims that a request can name.
// auth_time is in every ID token as it is.
func userInfoClaims() []string {
	var names []string
	for _, s := range scopeClaims() {
		names = append(names, s.Claims...)
	}
	return names
}

func idTokenClaims() []string { return append(userInfoClaims(), "acr") }

// parseMember reads userinfo or id_token.
func parseMember(request map[string]any, member string, known []string) (map[string]storage.ClaimRequest, error) {
	value, ok := request[member]
	if !ok {
		return nil, nil
	}
	object, ok := value.(map[string]any)
	if !ok {
		return nil, malformed(member + " is not an object")
	}
	claims := map[string]storage.ClaimRequest{}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		claim, err := parseClaim(object[name])
		if err != nil {
			return nil, err
		}
		if !slices.Contains(known, name) {
			continue
		}
		if (name == "sub" || name == "acr") && len(claim.Texts()) != len(claim.Values) {
			// Section 5.5.1: the value must be one that the claim can have.
			return nil, malformed(name + " has a value that is not a string")
		}
		claims[name] = claim
	}
	return claims, nil
}

// parseClaim reads what is asked of one claim (section 5.5.1).
func parseClaim(value any) (storage.ClaimRequest, error) {
	if value == nil {
		return storage.ClaimRequest{}, nil
	}
	object, ok := value.(map[string]any)
	if !ok {
		return storage.ClaimRequest{}, malformed("asks for a claim by something else than null or an object")
	}
	var claim storage.ClaimRequest
	if essential, given := object["essential"]; given {
		if claim.Essential, ok = essential.(bool); !ok {
			return storage.ClaimRequest{}, malformed("has essential with something else than true or false")
		}
	}
	var accepted []any
	if one, given := object["value"]; given {
		accepted = append(accepted, one)
	}
	if several, given := object["values"]; given {
		array, ok := several.([]any)
		if !ok || len(array) == 0 {
			return storage.ClaimRequest{}, malformed("has values that are no list of at least one")
		}
		accepted = append(accepted, array...)
	}
	for _, value := range accepted {
		raw, err := json.Marshal(value)
		if err != nil {
			return storage.ClaimRequest{}, fmt.Errorf("keep value of a claim: %w", err)
		}
		claim.Values = append(claim.Values, raw)
	}
	return claim, nil
}

// Restrict leaves of a request what it can get: claims that the mapping has, and
// that some scope releases which the client may ask for. Otherwise a client could
// have by name what its registration keeps from it by scope.
func (r *Releaser) Restrict(request storage.ClaimsRequest, client storage.Client) storage.ClaimsRequest {
	supported := r.Supported()
	keep := func(claims map[string]storage.ClaimRequest) map[string]storage.ClaimRequest {
		kept := map[string]storage.ClaimRequest{}
		for name, claim := range claims {
			if name == "acr" || slices.Contains(supported, name) && Allowed(client, r.scopeOf(name)) {
				kept[name] = claim
			}
		}
		if len(kept) == 0 {
			return nil
		}
		return kept
	}
	return storage.ClaimsRequest{UserInfo: keep(request.UserInfo), IDToken: keep(request.IDToken)}
}

// Withhold leaves out of a request what the scopes release.
func (r *Releaser) Withhold(request storage.ClaimsRequest, scopes []string) storage.ClaimsRequest {
	keep := func(claims map[string]storage.ClaimRequest) map[string]storage.ClaimRequest {
		kept := maps.Clone(claims)
		maps.DeleteFunc(kept, func(name string, _ storage.ClaimRequest) bool { return slices.Contains(scopes, r.scopeOf(name)) })
		if len(kept) == 0 {
			return nil
		}
		return kept
	}
	return storage.ClaimsRequest{UserInfo: keep(request.UserInfo), IDToken: keep(request.IDToken)}
}

// Identity leaves of a request the claims about the user that are to be released,
// without sub and acr, which say who has to answer, and how.
func Identity(request storage.ClaimsRequest) storage.ClaimsRequest {
	strip := func(claims map[string]storage.ClaimRequest) map[string]storage.ClaimRequest {
		stripped := maps.Clone(claims)
		delete(stripped, "sub")
		delete(stripped, "acr")
		if len(stripped) == 0 {
			return nil
		}
		return stripped
	}
	return storage.ClaimsRequest{UserInfo: strip(request.UserInfo), IDToken: strip(request.IDToken)}
}

// Everywhere puts together what is asked for about the user, for an ID token that no
// UserInfo endpoint stands beside.
func Everywhere(request storage.ClaimsRequest) map[string]storage.ClaimRequest {
	identity := Identity(request)
	all := maps.Clone(identity.UserInfo)
	if all == nil {
		return identity.IDToken
	}
	maps.Copy(all, identity.IDToken)
	return all
}

// Beyond lists, sorted, the claims about the user that are asked for one by one
// and that none of the scopes releases.
func (r *Releaser) Beyond(request storage.ClaimsRequest, scopes []string) []string {
	identity := Identity(request)
	var names []string
	for _, claims := range []map[string]storage.ClaimRequest{identity.UserInfo, identity.IDToken} {
		for name := range claims {
			if !slices.Contains(scopes, r.scopeOf(name)) {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Covered says whether a claim is among those that were allowed, by name or by a
// scope that releases it.
func (r *Releaser) Covered(claim string, scopes, claims []string) bool {
	return slices.Contains(claims, claim) || slices.Contains(scopes, r.scopeOf(claim))
}
