package claims

import (
	"context"
	"errors"
	"fmt"

	"gatehouse/storage"
)

// EmailVerified says when the claim email_verified is true, unless the mapping
// has a field for it. Directus itself does not tell.
type EmailVerified string

const (
	// VerifiedByEvidence says so of an address that was proven through us.
	VerifiedByEvidence EmailVerified = "evidence"
	// VerifiedAlways is for operators who see to it that no address is made up.
	VerifiedAlways EmailVerified = "always"
	VerifiedNever  EmailVerified = "never"
)

// Evidence is what was proven through us. *storage.Table[storage.VerifiedEmail]
// satisfies it.
type Evidence interface {
	// Get returns what the user with the id proved, or storage.ErrNotFound.
	Get(ctx context.Context, subject string) (*storage.Record[storage.VerifiedEmail], error)
}

func (mode EmailVerified) check() error {
	switch mode {
	case VerifiedByEvidence, VerifiedAlways, VerifiedNever:
		return nil
	}
	return fmt.Errorf("email_verified goes by %s, %s or %s, not by %q", VerifiedByEvidence, VerifiedAlways, VerifiedNever, string(mode))
}

// Release returns the claims of the account that the scopes release, without
// sub. A claim that has no value is left out (OpenID Connect Core 1.0, section
// 5.3.2). The evidence is looked at only if something is said of it.
func (r *Releaser) Release(ctx context.Context, account storage.Account, scopes []string, evidence Evidence) (map[string]any, error) {
	released := r.fill(account, scopes)
	email, ok := released["email"].(string)
	if !ok || r.has("email_verified") || r.emailVerified != VerifiedByEvidence {
		return released, nil
	}
	record, err := evidence.Get(ctx, account.ID)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return nil, fmt.Errorf("read evidence of an address: %w", err)
	}
	// The address that is released may come from another column than the one
	// that Directus sends mail to.
	released["email_verified"] = record != nil && record.Value.Proves(email)
	return released, nil
}
