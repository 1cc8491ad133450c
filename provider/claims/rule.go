package claims

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	oidc "github.com/zitadel/oidc/v3/pkg/oidc"
)

// Mapping says where each claim comes from, in the short form: the name of a field of
// a Directus user, a template such as "{first_name} {last_name}", or what is the same
// for everybody, behind an equals sign, such as "=Europe/London". Members of the
// claim address are written "address.locality".
type Mapping map[string]string

// DefaultMapping uses what every Directus user has.
func DefaultMapping() Mapping {
	return Mapping{
		"name":        "{first_name} {last_name}",
		"given_name":  "first_name",
		"family_name": "last_name",
		"locale":      "language",
		"email":       "email",
	}
}

// Rule is a claim in the long form.
type Rule struct {
	// From is a source as in a Mapping, see docs/claims.md.
	From string
	// Scope releases the claim. Standard claims have one, and so have roles,
	// policies and groups; any other claim needs it.
	Scope string
	// Type is what the value is made into: by default that of a standard claim, list
	// for roles, policies and groups, and string for any other.
	Type Type
	// Default is the value where Directus has none; nil for no claim then.
	Default any
	// In says where the claim goes; UserInfo if empty.
	In []Destination
}

// Destination is where a claim goes.
type Destination string

// The destinations.
const (
	UserInfo    Destination = "userinfo"
	IDToken     Destination = "id_token"
	AccessToken Destination = "access_token"
)

// Destinations lists them all.
func Destinations() []Destination { return []Destination{UserInfo, IDToken, AccessToken} }

// reservedClaims are those of the protocol: what is made of a user's fields must not
// pass for them, in a token or in an answer of introspection.
func reservedClaims() []string {
	return []string{
		"sub", "iss", "aud", "exp", "nbf", "iat", "jti", "nonce", "azp", "sid", "acr", "amr", "auth_time",
		"at_hash", "c_hash", "s_hash", "client_id", "scope", "cnf", "act", "may_act", "authorization_details",
		"active", "token_type", "username", "events", "toe", "txn", "typ", "sub_id", "sub_jwk", "vot", "vtm", "trust_framework",
		"_claim_names", "_claim_sources",
	}
}

// ownSources are claims that are made of the role tree and policies unless they name
// another source. Each has a scope of its own name.
func ownSources() []string { return []string{"roles", "groups", "policies"} }

// claimName takes plain names and those with an address in front (OpenID Connect Core
// 1.0, section 5.1.2).
var claimName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.:/#-]{0,127}$`)

// scopeName is a scope-token (RFC 6749, section 3.3).
var scopeName = regexp.MustCompile(`^[\x21\x23-\x5B\x5D-\x7E]{1,128}$`)

// checkRule fills in what a rule leaves out, and refuses what contradicts the claim.
func checkRule(claim string, rule Rule) (Rule, error) {
	member, isMember := strings.CutPrefix(claim, "address.")
	standard := standardScope(claim)
	switch {
	case claim == "sub":
		return Rule{}, errors.New("claim sub is always the user's id in Directus and cannot be mapped")
	case slices.Contains(reservedClaims(), strings.ToLower(claim)):
		// Some readers of JSON, encoding/json among them, take Scope for scope.
		return Rule{}, fmt.Errorf("claim %s belongs to the protocol and cannot be mapped; choose another name", claim)
	case isMember && !slices.Contains(addressMembers(), member):
		return Rule{}, fmt.Errorf("claim %s: the address has the members %s", claim, strings.Join(addressMembers(), ", "))
	case isMember && (rule.Scope != "" || len(rule.In) > 0):
		return Rule{}, fmt.Errorf("claim %s: write scope and in at address", claim)
	case claim == "address" && rule.From != "":
		return Rule{}, errors.New("claim address is made of its members; write address.locality and so on")
	case !claimName.MatchString(claim):
		return Rule{}, fmt.Errorf("claim %q: write a name of letters, digits and any of _ . : / # -, at most 128", claim)
	}
	if slices.Contains(ownSources(), claim) {
		if rule.From == "" {
			rule.From = claim + "()"
		}
		if rule.Scope == "" {
			rule.Scope = claim
		}
	}
	if rule.Scope == "" {
		rule.Scope = standard
	}
	if err := checkScope(claim, rule.Scope, isMember); err != nil {
		return Rule{}, err
	}
	for _, destination := range rule.In {
		if !slices.Contains(Destinations(), destination) {
			return Rule{}, fmt.Errorf("claim %s: in is a list of %s, %s and %s, not %q", claim, UserInfo, IDToken, AccessToken, destination)
		}
	}
	if len(rule.In) == 0 {
		rule.In = []Destination{UserInfo}
	}
	return checkType(claim, rule, standard != "" || isMember)
}

func checkScope(claim, scope string, isMember bool) error {
	switch {
	case isMember:
	case scope == "":
		return fmt.Errorf("claim %s is no standard claim; name the scope that releases it", claim)
	case scope == oidc.ScopeOpenID, scope == oidc.ScopeOfflineAccess:
		return fmt.Errorf("claim %s: the scope %s releases no further claims; choose another", claim, scope)
	case !scopeName.MatchString(scope):
		return fmt.Errorf("claim %s: %q is not the name of a scope: no spaces, quotes and backslashes, at most 128 characters", claim, scope)
	}
	return nil
}

// checkType holds standard claims to the types that they have (OpenID Connect Core
// 1.0, section 5.1).
func checkType(claim string, rule Rule, standard bool) (Rule, error) {
	own := String
	switch claim {
	case "email_verified", "phone_number_verified":
		own = Boolean
	case "updated_at":
		own = Seconds
	case "birthdate":
		own = Date
	case "roles", "groups", "policies":
		own = List
	}
	switch {
	case rule.Type == "":
		rule.Type = own
	case !slices.Contains(Types(), rule.Type):
		return Rule{}, fmt.Errorf("claim %s: %q is not a type; there are %s", claim, rule.Type, joined(Types()))
	case standard && rule.Type != own:
		return Rule{}, fmt.Errorf("claim %s is a %s (OpenID Connect Core 1.0, section 5.1), not a %s; leave type out", claim, own, rule.Type)
	}
	if rule.Default == nil {
		return rule, nil
	}
	value, ok := convert(rule.Type, rule.Default)
	if !ok || value == nil {
		return Rule{}, fmt.Errorf("claim %s: the default is no %s", claim, rule.Type)
	}
	rule.Default = value
	return rule, nil
}

func joined(types []Type) string {
	names := make([]string, 0, len(types))
	for _, t := range types {
		names = append(names, string(t))
	}
	return strings.Join(names, ", ")
}

// standardScope is the scope of a standard claim, or empty.
func standardScope(claim string) string {
	for _, s := range scopeClaims() {
		if slices.Contains(s.Claims, claim) {
			return s.Scope
		}
	}
	return ""
}
