package prepare

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
)

// Rules are those settings of Directus on what people may do that it shows to
// administrators only.
type Rules struct {
	// PasswordPolicy is auth_password_policy, empty for none.
	PasswordPolicy string
	// EmailFilter is public_registration_email_filter as JSON, empty for none.
	EmailFilter string
	// AttemptsLimit is auth_login_attempts, zero where it is off.
	AttemptsLimit int
	// EnforceTFA are the names of the policies that ask for one-time passwords, or
	// of the roles in Directus 10, in order.
	EnforceTFA []string
}

// rules reads what only an administrator may.
func (p *preparation) rules(ctx context.Context) (Rules, error) {
	var settings struct {
		Policy   *string         `json:"auth_password_policy"`
		Filter   json.RawMessage `json:"public_registration_email_filter"`
		Attempts *int            `json:"auth_login_attempts"`
	}
	// All of them: an older Directus has no such column, and refuses to name it.
	if err := p.admin.get(ctx, "/settings", nil, &settings); err != nil {
		return Rules{}, failed(err)
	}
	var found Rules
	if settings.Policy != nil {
		found.PasswordPolicy = *settings.Policy
	}
	if settings.Attempts != nil {
		found.AttemptsLimit = *settings.Attempts
	}
	var filter bytes.Buffer
	if len(settings.Filter) > 0 && json.Compact(&filter, settings.Filter) == nil && filter.String() != "null" {
		found.EmailFilter = filter.String()
	}
	var holders []struct {
		Name string `json:"name"`
	}
	err := p.admin.search(ctx, p.model.path, map[string]any{"enforce_tfa": map[string]any{"_eq": true}}, []string{"name"}, &holders)
	if err != nil {
		return Rules{}, failed(err)
	}
	for _, holder := range holders {
		found.EnforceTFA = append(found.EnforceTFA, holder.Name)
	}
	slices.Sort(found.EnforceTFA)
	return found, nil
}
