package prepare

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

const settingsName = "settings"

// settings sets what the options ask for and what is not so yet.
func (p *preparation) settings(ctx context.Context) error {
	wanted := map[string]any{}
	if registration := p.options.Registration; registration != nil {
		wanted["public_registration"] = registration.Open
		wanted["public_registration_verify_email"] = registration.VerifyEmail
		if registration.Open {
			// Without a role people would register without the customers' one.
			wanted["public_registration_role"] = p.report.CustomerRole
		}
	}
	if p.options.AttemptsOff {
		wanted["auth_login_attempts"] = nil
	}
	if len(wanted) == 0 {
		return nil
	}
	names := slices.Sorted(maps.Keys(wanted))
	current := map[string]any{}
	if err := p.admin.get(ctx, "/settings", names, &current); err != nil {
		return failed(err)
	}
	if _, there := current["public_registration"]; !there && p.options.Registration != nil {
		p.step(settingsName, Attention, "this version of Directus has no public registration")
		maps.DeleteFunc(wanted, func(name string, _ any) bool { return strings.HasPrefix(name, "public_registration") })
		names = slices.Sorted(maps.Keys(wanted))
	}
	var changes []string
	for _, name := range names {
		if current[name] == wanted[name] {
			delete(wanted, name)
			continue
		}
		changes = append(changes, fmt.Sprintf("%s: %s", name, shown(wanted[name])))
	}
	switch {
	case len(names) == 0:
		return nil
	case len(changes) == 0:
		p.step(settingsName, Kept, strings.Join(names, ", "))
		return nil
	}
	return p.change(settingsName, strings.Join(changes, ", "), func() error {
		return p.admin.write(ctx, http.MethodPatch, "/settings", wanted, nil)
	})
}

func shown(value any) string {
	switch value {
	case nil:
		return "null"
	case "":
		return "the customer role"
	}
	return fmt.Sprint(value)
}
