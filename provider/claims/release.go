package claims

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"gatehouse/storage"
)

// Release returns the claims of the account that the scopes release and those that
// were requested one by one, without sub. A claim that has no value is left out
// (OpenID Connect Core 1.0, section 5.3.2), and so is one that was requested in
// values that are not the user's: whether a claim is essential changes neither
// (section 5.5.1). The evidence is looked at only if something is said of it.
func (r *Releaser) Release(ctx context.Context, account storage.Account, scopes []string, requested map[string]storage.ClaimRequest, evidence Evidence) (map[string]any, error) {
	released := r.fill(account, scopes, requested)
	if err := r.prove(ctx, account, released, evidence); err != nil {
		return nil, err
	}
	for name, claim := range requested {
		value, ok := released[name]
		if ok && !slices.Contains(scopes, scopeOf(name)) && !accepts(claim, value) {
			delete(released, name)
		}
	}
	return released, nil
}

func (r *Releaser) fill(account storage.Account, scopes []string, requested map[string]storage.ClaimRequest) map[string]any {
	released := map[string]any{}
	for _, s := range scopeClaims() {
		for _, claim := range s.Claims {
			_, asked := requested[claim]
			if !asked && !slices.Contains(scopes, s.Scope) {
				continue
			}
			if value := r.value(account, claim); value != nil {
				released[claim] = value
			}
		}
	}
	// Nothing is said of an address or number that is not there.
	for _, claim := range []string{"email", "phone_number"} {
		if r.value(account, claim) == nil {
			delete(released, claim+"_verified")
		}
	}
	return released
}

// prove fills in email_verified where evidence decides.
func (r *Releaser) prove(ctx context.Context, account storage.Account, released map[string]any, evidence Evidence) error {
	if _, asked := released["email_verified"]; !asked || r.has("email_verified") || r.emailVerified != VerifiedByEvidence {
		return nil
	}
	record, err := evidence.Get(ctx, account.ID)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return fmt.Errorf("read evidence of an address: %w", err)
	}
	// The address that is released may come from another column than the one
	// that Directus sends mail to.
	email, _ := r.value(account, "email").(string)
	released["email_verified"] = record != nil && record.Value.Proves(email)
	return nil
}

// accepts says whether the value is among those that were asked for, if any were.
func accepts(claim storage.ClaimRequest, value any) bool {
	if len(claim.Values) == 0 {
		return true
	}
	raw, err := json.Marshal(value)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(claim.Values, func(asked json.RawMessage) bool { return sameJSON(asked, raw) })
}

// sameJSON compares values, not how they are written.
func sameJSON(a, b json.RawMessage) bool {
	var left, right any
	return json.Unmarshal(a, &left) == nil && json.Unmarshal(b, &right) == nil && reflect.DeepEqual(left, right)
}
