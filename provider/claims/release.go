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

// Releases says whether Release could return anything.
func (r *Releaser) Releases(scopes []string, requested map[string]storage.ClaimRequest, in ...Destination) bool {
	return slices.ContainsFunc(r.names, func(name string) bool { return r.due(name, scopes, requested, in) })
}

// ForAccessToken returns the claims of the person that the scopes release into access
// tokens, or nil.
func (r *Releaser) ForAccessToken(ctx context.Context, person Person, scopes []string, evidence Evidence) (map[string]any, error) {
	if !r.Releases(scopes, nil, AccessToken) {
		return nil, nil
	}
	return r.Release(ctx, person, scopes, nil, evidence, AccessToken)
}

// InIDToken are the destinations that an ID token stands for: claims of userinfo are
// in it for clients that want them there as well.
func InIDToken(client storage.Client) []Destination {
	if client.IDTokenScopeClaims {
		return []Destination{IDToken, UserInfo}
	}
	return []Destination{IDToken}
}

// due says whether the claim is to be released: a scope releases it to one of the
// destinations, or it was asked for by name.
func (r *Releaser) due(name string, scopes []string, requested map[string]storage.ClaimRequest, in []Destination) bool {
	if _, asked := requested[name]; asked && r.requestable(name) {
		return true
	}
	return slices.Contains(scopes, r.scopeOf(name)) &&
		slices.ContainsFunc(r.destinations(name), func(d Destination) bool { return slices.Contains(in, d) })
}

// Release returns the claims of the person that the scopes release to any of the
// destinations and those that were requested one by one, without sub. A claim that
// has no value is left out (OpenID Connect Core 1.0, section 5.3.2), and so is one
// that was requested in values that are not the user's: whether a claim is essential
// changes neither (section 5.5.1). The evidence is looked at only if something is
// said of it.
func (r *Releaser) Release(ctx context.Context, person Person, scopes []string, requested map[string]storage.ClaimRequest, evidence Evidence, in ...Destination) (map[string]any, error) {
	released := r.fill(person, scopes, requested, in)
	if err := r.prove(ctx, person, released, evidence); err != nil {
		return nil, err
	}
	for name, claim := range requested {
		value, ok := released[name]
		if ok && !slices.Contains(scopes, r.scopeOf(name)) && !accepts(claim, value) {
			delete(released, name)
		}
	}
	return released, nil
}

func (r *Releaser) fill(person Person, scopes []string, requested map[string]storage.ClaimRequest, in []Destination) map[string]any {
	released := map[string]any{}
	for _, name := range r.names {
		if !r.due(name, scopes, requested, in) {
			continue
		}
		if value := r.value(person, name); value != nil {
			released[name] = value
		}
	}
	// Nothing is said of an address or number that is not there.
	for _, name := range []string{"email", "phone_number"} {
		if _, said := released[name+"_verified"]; said && r.value(person, name) == nil {
			delete(released, name+"_verified")
		}
	}
	return released
}

// prove fills in email_verified where evidence decides.
func (r *Releaser) prove(ctx context.Context, person Person, released map[string]any, evidence Evidence) error {
	if _, asked := released["email_verified"]; !asked || r.has("email_verified") || r.emailVerified != VerifiedByEvidence {
		return nil
	}
	record, err := evidence.Get(ctx, person.account.ID)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return fmt.Errorf("read evidence of an address: %w", err)
	}
	// The address that is released may come from another column than the one
	// that Directus sends mail to.
	email, _ := r.value(person, "email").(string)
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
