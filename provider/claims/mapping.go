package claims

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"gatehouse/storage"
)

// Mapping says where each claim comes from: the name of a Directus field, a
// template such as "{first_name} {last_name}", or what is the same for everybody,
// behind an equals sign, such as "=Europe/London". Members of the claim address are
// written "address.locality".
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

// forbiddenFields are never released, whatever the configuration says.
func forbiddenFields() []string {
	return []string{"password", "token", "tfa_secret", "auth_data"}
}

func addressMembers() []string {
	return []string{"formatted", "street_address", "locality", "region", "postal_code", "country"}
}

// Config is what a Releaser needs.
type Config struct {
	Mapping Mapping
	// EmailVerified is VerifiedByEvidence if empty.
	EmailVerified EmailVerified
}

// Releaser turns a user into claims. It is safe for concurrent use.
type Releaser struct {
	sources       map[string]source
	emailVerified EmailVerified
}

// source is literal text and fields in turn; one field alone keeps its type.
type source struct {
	parts []part
	// constant is the same for everybody.
	constant string
}

type part struct {
	field, text string
}

// New checks the mapping and reads its templates.
func New(config Config) (*Releaser, error) {
	r := &Releaser{sources: map[string]source{}, emailVerified: cmp.Or(config.EmailVerified, VerifiedByEvidence)}
	if err := r.emailVerified.check(); err != nil {
		return nil, err
	}
	for _, claim := range slices.Sorted(maps.Keys(config.Mapping)) {
		if err := checkClaim(claim); err != nil {
			return nil, err
		}
		parsed, err := parseSource(config.Mapping[claim])
		if err != nil {
			return nil, fmt.Errorf("claim %s: %w", claim, err)
		}
		r.sources[claim] = parsed
	}
	return r, nil
}

func checkClaim(claim string) error {
	if member, ok := strings.CutPrefix(claim, "address."); ok {
		if slices.Contains(addressMembers(), member) {
			return nil
		}
		return fmt.Errorf("claim %s: the address has the members %s", claim, strings.Join(addressMembers(), ", "))
	}
	if claim == "sub" {
		return fmt.Errorf("claim sub is always the user's id in Directus and cannot be mapped")
	}
	for _, s := range scopeClaims() {
		if slices.Contains(s.Claims, claim) && claim != "address" {
			return nil
		}
	}
	return fmt.Errorf("claim %s is not released by any scope", claim)
}

func parseSource(text string) (source, error) {
	if constant, ok := strings.CutPrefix(text, "="); ok {
		if strings.TrimSpace(constant) == "" {
			return source{}, errors.New("nothing stands behind the equals sign")
		}
		return source{constant: strings.TrimSpace(constant)}, nil
	}
	if !strings.Contains(text, "{") {
		return source{parts: []part{{field: text}}}, checkField(text)
	}
	var s source
	for text != "" {
		before, rest, found := strings.Cut(text, "{")
		if before != "" {
			s.parts = append(s.parts, part{text: before})
		}
		if !found {
			break
		}
		field, after, closed := strings.Cut(rest, "}")
		if !closed {
			return source{}, fmt.Errorf("the template %q has no closing brace", text)
		}
		if err := checkField(field); err != nil {
			return source{}, err
		}
		s.parts = append(s.parts, part{field: field})
		text = after
	}
	return s, nil
}

func checkField(field string) error {
	if field == "" || strings.ContainsFunc(field, func(r rune) bool {
		return r != '_' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9')
	}) {
		return fmt.Errorf("%q is not the name of a Directus field", field)
	}
	if slices.Contains(forbiddenFields(), field) {
		return fmt.Errorf("the field %s is never released", field)
	}
	return nil
}

// Fields lists the columns of directus_users that the mapping reads.
func (r *Releaser) Fields() []string {
	fields := map[string]bool{}
	for _, s := range r.sources {
		for _, p := range s.parts {
			if p.field != "" {
				fields[p.field] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(fields))
}

// Path is a field of directus_users, or of rows that it leads to, and the claim that
// is made of it.
type Path struct{ Claim, Field string }

// Paths lists the fields that lead beyond directus_users.
func (r *Releaser) Paths() []Path {
	var paths []Path
	for _, claim := range slices.Sorted(maps.Keys(r.sources)) {
		for _, p := range r.sources[claim].parts {
			if strings.Contains(p.field, ".") {
				paths = append(paths, Path{Claim: claim, Field: p.field})
			}
		}
	}
	return paths
}

// Supported lists the claims that can be released, for discovery.
func (r *Releaser) Supported() []string {
	supported := []string{"sub"}
	for _, s := range scopeClaims() {
		for _, claim := range s.Claims {
			_, mapped := r.sources[claim]
			switch {
			case claim == "sub":
			case mapped, claim == "email_verified" && r.has("email"), claim == "address" && r.hasAddress():
				supported = append(supported, claim)
			}
		}
	}
	return supported
}

// Scopes lists the scopes that release something, and those that mean something
// else, for discovery.
func (r *Releaser) Scopes() []string {
	supported := r.Supported()
	var scopes []string
	for _, s := range scopeClaims() {
		if len(s.Claims) == 0 || slices.ContainsFunc(s.Claims, func(claim string) bool { return slices.Contains(supported, claim) }) {
			scopes = append(scopes, s.Scope)
		}
	}
	return scopes
}

func (r *Releaser) has(claim string) bool { _, ok := r.sources[claim]; return ok }

func (r *Releaser) hasAddress() bool {
	return slices.ContainsFunc(addressMembers(), func(member string) bool { return r.has("address." + member) })
}

func (r *Releaser) value(account storage.Account, claim string) any {
	if claim == "address" {
		return r.address(account)
	}
	s, ok := r.sources[claim]
	if !ok {
		if claim == "email_verified" {
			return r.emailVerified == VerifiedAlways
		}
		return nil
	}
	switch claim {
	case "email_verified", "phone_number_verified":
		return isTrue(s.raw(account))
	case "updated_at":
		return seconds(s.raw(account))
	case "birthdate":
		return day(s.text(account))
	}
	return s.text(account)
}

func (r *Releaser) address(account storage.Account) any {
	address := map[string]any{}
	for _, member := range addressMembers() {
		if s, ok := r.sources["address."+member]; ok {
			if text := s.text(account); text != nil {
				address[member] = text
			}
		}
	}
	if len(address) == 0 {
		return nil
	}
	return address
}

func (s source) raw(account storage.Account) any {
	if len(s.parts) == 1 && s.parts[0].field != "" {
		return account.Fields[s.parts[0].field]
	}
	return s.text(account)
}

// text fills the template; without any field filled there is no value.
func (s source) text(account storage.Account) any {
	if s.constant != "" {
		return s.constant
	}
	var text strings.Builder
	filled := false
	for _, p := range s.parts {
		if p.field == "" {
			text.WriteString(p.text)
			continue
		}
		value := plain(account.Fields[p.field])
		filled = filled || value != ""
		text.WriteString(value)
	}
	joined := strings.TrimSpace(text.String())
	if !filled || joined == "" {
		return nil
	}
	return joined
}

func plain(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return ""
}

func isTrue(value any) bool {
	switch v := value.(type) {
	case bool:
		return v
	case float64:
		return v != 0
	case string:
		return v == "true" || v == "1"
	}
	return false
}

// seconds reads a Directus timestamp; updated_at is a number.
func seconds(value any) any {
	switch v := value.(type) {
	case float64:
		return int64(v)
	case string:
		if number, err := strconv.ParseInt(v, 10, 64); err == nil {
			return number // a column of big integers
		}
		for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05"} {
			if t, err := time.Parse(layout, v); err == nil {
				return t.Unix()
			}
		}
	}
	return nil
}

// day leaves of a timestamp the day: birthdate has no time (OpenID Connect Core 1.0,
// section 5.1).
func day(text any) any {
	if whole, ok := text.(string); ok {
		date, _, _ := strings.Cut(whole, "T")
		return date
	}
	return nil
}
