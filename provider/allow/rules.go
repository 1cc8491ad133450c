package allow

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/hashicorp/golang-lru/v2"

	"gatehouse/storage"
)

// ErrDenied says that the client is not open to the user. Its text is for
// operators; people and apps are never told the rule.
var ErrDenied = errors.New("the client is not open to the user")

// Directory says where a user stands. storage/directus satisfies it.
type Directory interface {
	// Roles returns the user's role and those above it, as seen no longer than
	// maxAge ago.
	Roles(ctx context.Context, account storage.Account, maxAge time.Duration) ([]storage.NamedRole, error)
	// Access returns the policies besides.
	Access(ctx context.Context, account storage.Account, maxAge time.Duration) (storage.UserAccess, error)
	// Matches says whether the user with the id is one that the filter picks. A
	// filter that Directus refuses is storage.ErrMalformed or
	// storage.ErrForbidden.
	Matches(ctx context.Context, id string, filter json.RawMessage) (bool, error)
}

// maxVerdicts bounds what one node remembers, a user and a rule each.
const maxVerdicts = 4096

// Config is what Rules need.
type Config struct {
	Directory Directory
	// Staleness is how old a look at roles and policies may be; zero or less asks
	// every time.
	Staleness time.Duration
	// Revoke ends a grant and everything that came from it.
	Revoke func(ctx context.Context, grant storage.Grant, reason string) error
}

// Rules is safe for concurrent use.
type Rules struct {
	config   Config
	verdicts *lru.Cache[verdictKey, verdict]
}

// verdictKey names a user and a rule. The rule is a digest, so that clients with
// the same rule share what was found, and a changed rule is asked anew.
type verdictKey struct {
	subject string
	rule    [sha256.Size]byte
}

// verdict holds for the look at the user that it was found with, and no longer: it
// is never older than what is known of the user.
type verdict struct {
	seenAt time.Time
	// reason is empty where the user may.
	reason string
}

// New checks the configuration.
func New(config Config) (*Rules, error) {
	if config.Directory == nil || config.Revoke == nil {
		return nil, errors.New("rules of clients: directory and revocation are needed")
	}
	verdicts, err := lru.New[verdictKey, verdict](maxVerdicts)
	if err != nil {
		return nil, fmt.Errorf("rules of clients: %w", err)
	}
	return &Rules{config: config, verdicts: verdicts}, nil
}

// Check returns nil if the user may use the client, and an error that wraps
// ErrDenied if not. Any other error says that it could not be found out, because
// Directus does not answer (storage.ErrUnavailable) or the rule is at fault; then
// nobody may.
func (r *Rules) Check(ctx context.Context, client storage.Client, account storage.Account) error {
	if client.Allow.Empty() {
		return nil
	}
	key, err := keyOf(client.Allow, account)
	if err != nil {
		return err
	}
	found, ok := r.verdicts.Get(key)
	if !ok || r.config.Staleness <= 0 || !found.seenAt.Equal(account.SeenAt) {
		reason, err := r.judge(ctx, client, account)
		if err != nil {
			return fmt.Errorf("who may use client %s: %w", client.ID, err)
		}
		found = verdict{seenAt: account.SeenAt, reason: reason}
		r.verdicts.Add(key, found)
	}
	if found.reason != "" {
		return fmt.Errorf("%w: %s", ErrDenied, found.reason)
	}
	return nil
}

// Enforce is Check for a grant, which is revoked if the user may not use its
// client any more.
func (r *Rules) Enforce(ctx context.Context, client storage.Client, grant storage.Grant, account storage.Account) error {
	err := r.Check(ctx, client, account)
	if !errors.Is(err, ErrDenied) {
		return err
	}
	if revokeErr := r.config.Revoke(ctx, grant, "the client is not open to the user any more"); revokeErr != nil {
		return revokeErr
	}
	return err
}

func keyOf(rule storage.ClientAllow, account storage.Account) (verdictKey, error) {
	raw, err := json.Marshal(rule)
	if err != nil {
		return verdictKey{}, fmt.Errorf("digest of a rule: %w", err)
	}
	return verdictKey{subject: account.ID, rule: sha256.Sum256(raw)}, nil
}

// judge returns why the user may not use the client, or nothing. Whoever meets
// every part may; the filter comes last, since it alone always asks Directus.
func (r *Rules) judge(ctx context.Context, client storage.Client, account storage.Account) (reason string, err error) {
	rule := client.Allow
	if len(rule.Roles) > 0 {
		roles, err := r.config.Directory.Roles(ctx, account, r.config.Staleness)
		if err != nil {
			return "", err
		}
		if !hasRole(roles, rule.Roles) {
			return "the user has none of the roles in allow.roles", nil
		}
	}
	if len(rule.Policies) > 0 {
		access, err := r.config.Directory.Access(ctx, account, r.config.Staleness)
		if err != nil {
			return "", err
		}
		if !hasPolicy(access.Policies, rule.Policies) {
			return "the user has none of the policies in allow.policies", nil
		}
	}
	if len(rule.Filter) > 0 {
		matches, err := r.config.Directory.Matches(ctx, account.ID, rule.Filter)
		switch {
		case errors.Is(err, storage.ErrMalformed), errors.Is(err, storage.ErrForbidden):
			return "", fmt.Errorf("directus refuses allow.filter; gatehouse doctor says more: %w", err)
		case err != nil:
			return "", err
		case !matches:
			return "allow.filter does not pick the user", nil
		}
	}
	return "", nil
}

func hasRole(roles []storage.NamedRole, wanted []string) bool {
	return slices.ContainsFunc(roles, func(role storage.NamedRole) bool {
		return slices.Contains(wanted, role.ID) || role.Name != "" && slices.Contains(wanted, role.Name)
	})
}

func hasPolicy(policies []storage.NamedPolicy, wanted []string) bool {
	return slices.ContainsFunc(policies, func(policy storage.NamedPolicy) bool {
		return slices.Contains(wanted, policy.ID) || policy.Name != "" && slices.Contains(wanted, policy.Name)
	})
}

// Withheld lists, sorted, the scopes that the user's roles keep from the client.
func (r *Rules) Withheld(ctx context.Context, client storage.Client, account storage.Account) ([]string, error) {
	if len(client.ScopeRoles) == 0 {
		return nil, nil
	}
	roles, err := r.config.Directory.Roles(ctx, account, r.config.Staleness)
	if err != nil {
		return nil, fmt.Errorf("scopes of client %s: %w", client.ID, err)
	}
	var withheld []string
	for _, scope := range slices.Sorted(maps.Keys(client.ScopeRoles)) {
		if !hasRole(roles, client.ScopeRoles[scope]) {
			withheld = append(withheld, scope)
		}
	}
	return withheld, nil
}

// Administrator says whether the user may be an administrator of Directus at any
// address: policies that are limited to some count.
func (r *Rules) Administrator(ctx context.Context, account storage.Account) (bool, error) {
	access, err := r.config.Directory.Access(ctx, account, r.config.Staleness)
	if err != nil {
		return false, fmt.Errorf("is the user an administrator: %w", err)
	}
	return access.Admin, nil
}

// Narrow leaves out of scopes what is withheld.
func Narrow(scopes, withheld []string) []string {
	if !slices.ContainsFunc(scopes, func(scope string) bool { return slices.Contains(withheld, scope) }) {
		return scopes
	}
	return slices.DeleteFunc(slices.Clone(scopes), func(scope string) bool { return slices.Contains(withheld, scope) })
}
