package claims

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	oidc "github.com/zitadel/oidc/v3/pkg/oidc"

	"gatehouse/storage"
)

func addressMembers() []string {
	return []string{"formatted", "street_address", "locality", "region", "postal_code", "country"}
}

// Access says where users stand in the roles and policies of Directus, as seen no
// longer than maxAge ago. storage/directus satisfies it. Roles needs fewer rights.
type Access interface {
	Roles(ctx context.Context, account storage.Account, maxAge time.Duration) ([]storage.NamedRole, error)
	Access(ctx context.Context, account storage.Account, maxAge time.Duration) (storage.UserAccess, error)
}

// Config is what a Releaser needs.
type Config struct {
	// Mapping has claims in the short form, Rules those in the long form. A claim
	// stands in one of them.
	Mapping Mapping
	Rules   map[string]Rule
	// EmailVerified is VerifiedByEvidence if empty.
	EmailVerified EmailVerified
	// Picture says where the avatar with an id is shown, empty for what is no id. It
	// is nil where pictures are not shown.
	Picture func(file string) string
	// Logger is told once of each claim whose value does not convert. It may be nil.
	Logger *slog.Logger
}

// Releaser turns a user into claims. It is safe for concurrent use.
type Releaser struct {
	claims map[string]claim
	// names are of every claim that there is something to tell of, the standard ones
	// first.
	names         []string
	emailVerified EmailVerified
	picture       func(file string) string
	access        Access
	maxAge        time.Duration
	log           *slog.Logger
	// told are the claims that did not convert once.
	told *sync.Map
}

// claim is a checked rule.
type claim struct {
	Rule
	source source
}

// New checks the rules and reads their sources.
func New(config Config) (*Releaser, error) {
	r := &Releaser{
		claims: map[string]claim{}, emailVerified: cmp.Or(config.EmailVerified, VerifiedByEvidence),
		picture: config.Picture, log: config.Logger, told: &sync.Map{},
	}
	if r.log == nil {
		r.log = slog.New(slog.DiscardHandler)
	}
	if err := r.emailVerified.check(); err != nil {
		return nil, err
	}
	rules := maps.Clone(config.Rules)
	if rules == nil {
		rules = map[string]Rule{}
	}
	for name, from := range config.Mapping {
		if _, twice := rules[name]; twice {
			return nil, fmt.Errorf("claim %s is given in both forms; keep one", name)
		}
		rules[name] = Rule{From: from}
	}
	withPicture(rules, config.Picture)
	for _, name := range slices.Sorted(maps.Keys(rules)) {
		parsed, err := parseRule(name, rules[name])
		if err != nil {
			return nil, err
		}
		r.claims[name] = parsed
	}
	for _, s := range scopeClaims() {
		for _, name := range s.Claims {
			if name != "sub" && r.tells(name) {
				r.names = append(r.names, name)
			}
		}
	}
	r.names = append(r.names, r.Custom()...)
	return r, nil
}

func parseRule(name string, rule Rule) (claim, error) {
	rule, err := checkRule(name, rule)
	if err != nil || name == "address" {
		return claim{Rule: rule}, err
	}
	if rule.From == "" {
		return claim{}, fmt.Errorf("claim %s: from is missing: a field of the user, a template, or =text for everybody", name)
	}
	parsed, err := parseSource(rule.From)
	if err != nil {
		return claim{}, fmt.Errorf("claim %s: %w", name, err)
	}
	if parsed.held != "" && rule.Type != List {
		return claim{}, fmt.Errorf("claim %s: %s is a list; write type: list", name, rule.From)
	}
	if parsed.constant != "" {
		if value, ok := convert(rule.Type, parsed.constant); !ok || value == nil {
			return claim{}, fmt.Errorf("claim %s: %q is no %s", name, parsed.constant, rule.Type)
		}
	}
	return claim{Rule: rule, source: parsed}, nil
}

// WithAccess returns a Releaser that asks about roles and policies where a claim is
// made of them.
func (r *Releaser) WithAccess(access Access, maxAge time.Duration) *Releaser {
	with := *r
	with.access, with.maxAge = access, maxAge
	return &with
}

// Path is a field of directus_users, or of rows that it leads to, and a claim that is
// made of it.
type Path struct {
	Claim, Field string
	// Many says that the claim can be of several values, so that the field itself may
	// be a list of rows.
	Many bool
}

// Paths lists the fields that claims are made of.
func (r *Releaser) Paths() []Path {
	var paths []Path
	for _, name := range slices.Sorted(maps.Keys(r.claims)) {
		for _, field := range r.claims[name].source.fields() {
			paths = append(paths, Path{Claim: name, Field: field, Many: r.claims[name].Type == List || r.claims[name].Type == JSON})
		}
	}
	return paths
}

// Fields lists the columns of directus_users that the claims are made of, and paths
// that lead further.
func (r *Releaser) Fields() []string {
	fields := map[string]bool{}
	for _, path := range r.Paths() {
		fields[path.Field] = true
	}
	return slices.Sorted(maps.Keys(fields))
}

// MadeOf lists, sorted, the claims that are made of roles, groups or policies.
func (r *Releaser) MadeOf(held string) []string {
	var names []string
	for name, c := range r.claims {
		if c.source.held == held {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Supported lists the claims that can be released at userinfo or in an ID token, for
// discovery.
func (r *Releaser) Supported() []string {
	supported := []string{"sub"}
	for _, name := range r.names {
		if r.requestable(name) {
			supported = append(supported, name)
		}
	}
	return supported
}

// Custom lists, sorted, the claims that are no standard ones.
func (r *Releaser) Custom() []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(r.claims)) {
		if standardScope(name) == "" && !strings.HasPrefix(name, "address.") {
			names = append(names, name)
		}
	}
	return names
}

// tells says whether the claim is ever released.
func (r *Releaser) tells(name string) bool {
	switch name {
	case "address":
		return slices.ContainsFunc(addressMembers(), func(member string) bool { return r.has("address." + member) })
	case "email_verified":
		return r.has(name) || r.has("email")
	}
	return r.has(name)
}

func (r *Releaser) has(name string) bool { _, ok := r.claims[name]; return ok }

// destinations are where a claim goes. What is said of an address without a rule of
// its own goes with it.
func (r *Releaser) destinations(name string) []Destination {
	if c, ok := r.claims[name]; ok {
		return c.In
	}
	if name == "email_verified" {
		return r.claims["email"].In
	}
	return []Destination{UserInfo}
}

// requestable says whether a client may ask for the claim by name: one that goes into
// access tokens alone is not for it.
func (r *Releaser) requestable(name string) bool {
	in := r.destinations(name)
	return slices.Contains(in, UserInfo) || slices.Contains(in, IDToken)
}

// scopeOf is the scope that releases the claim, or empty.
func (r *Releaser) scopeOf(name string) string {
	if c, ok := r.claims[name]; ok && c.Scope != "" {
		return c.Scope
	}
	if name == "email_verified" && r.has("email") {
		return r.claims["email"].Scope
	}
	return standardScope(name)
}

// Scopes lists the scopes that release something, and those that mean something
// else, for discovery.
func (r *Releaser) Scopes() []string {
	releasing := map[string]bool{oidc.ScopeOpenID: true, oidc.ScopeOfflineAccess: true}
	for _, name := range r.names {
		releasing[r.scopeOf(name)] = true
	}
	var scopes []string
	for _, s := range scopeClaims() {
		if releasing[s.Scope] {
			scopes = append(scopes, s.Scope)
			delete(releasing, s.Scope)
		}
	}
	return append(scopes, slices.Sorted(maps.Keys(releasing))...)
}

// Person is a user with what claims are made of besides the account.
type Person struct {
	account storage.Account
	access  storage.UserAccess
}

// held names what the person holds.
func (p Person) held(s source) any {
	pick := func(id, name string) string {
		if s.heldIDs {
			return id
		}
		return name
	}
	var texts []string
	if s.held == "policies" {
		for _, policy := range p.access.Policies {
			texts = append(texts, pick(policy.ID, policy.Name))
		}
		return texts
	}
	for _, role := range p.access.Roles {
		texts = append(texts, pick(role.ID, role.Name))
	}
	return texts
}

// Look finds out what the claims of the account are made of that Release returns
// for the same scopes, request and destinations. It asks about roles and policies
// only if a claim among them is made of these; if Directus cannot be asked the error
// wraps storage.ErrUnavailable.
func (r *Releaser) Look(ctx context.Context, account storage.Account, scopes []string, requested map[string]storage.ClaimRequest, in ...Destination) (Person, error) {
	person := Person{account: account}
	var roles, policies bool
	for name, c := range r.claims {
		if c.source.held != "" && r.due(name, scopes, requested, in) {
			roles, policies = true, policies || c.source.held == "policies"
		}
	}
	if !roles {
		return person, nil
	}
	if r.access == nil {
		return Person{}, errors.New("claims are made of roles or policies, and nobody tells of them")
	}
	var err error
	if policies {
		person.access, err = r.access.Access(ctx, account, r.maxAge)
	} else {
		person.access.Roles, err = r.access.Roles(ctx, account, r.maxAge)
	}
	if err != nil {
		return Person{}, fmt.Errorf("look roles and policies up: %w", err)
	}
	return person, nil
}

// value is that of a claim, or nil.
func (r *Releaser) value(person Person, name string) any {
	switch name {
	case "address":
		return r.address(person)
	case "email_verified", "phone_number_verified":
		c, ok := r.claims[name]
		if !ok {
			return name == "email_verified" && r.emailVerified == VerifiedAlways
		}
		value, _ := c.source.value(person)
		verified, _ := convert(Boolean, value)
		return verified == true || verified == nil && c.Default == true
	}
	c, ok := r.claims[name]
	if !ok {
		return nil
	}
	value, ok := c.source.value(person)
	var converted any
	if ok {
		converted, ok = convert(c.Type, value)
	}
	switch {
	case !ok:
		r.unfit(name, c)
		return nil
	case converted == nil:
		return c.Default
	case name == "picture":
		return r.pictureURL(c, converted)
	}
	return converted
}

// unfit says once that a claim is left out. It says nothing of the value.
func (r *Releaser) unfit(name string, c claim) {
	if _, told := r.told.LoadOrStore(name, true); !told {
		r.log.Warn("a claim is left out: what Directus has for it does not convert, or is too large",
			"claim", name, "from", c.From, "type", string(c.Type))
	}
}

func (r *Releaser) address(person Person) any {
	address := map[string]any{}
	for _, member := range addressMembers() {
		if value := r.value(person, "address."+member); value != nil {
			address[member] = value
		}
	}
	if len(address) == 0 {
		return nil
	}
	return address
}
