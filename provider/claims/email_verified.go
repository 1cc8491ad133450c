package claims

import (
	"context"
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
