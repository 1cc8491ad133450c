package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"gatehouse/provider/allow"
	"gatehouse/storage"
)

// allowFlags say who may use a client, and grant it which scopes. An empty value
// takes a part away.
func allowFlags(flags *pflag.FlagSet, client *storage.Client) {
	flags.Var(&names{&client.Allow.Roles}, "allow-role", "role of Directus, by id or name, whose users may use the client; may be repeated, empty for everybody")
	flags.Var(&names{&client.Allow.Policies}, "allow-policy", "policy of Directus, by id or name, whose holders may use the client; may be repeated, empty for everybody")
	flags.Var(&filter{&client.Allow.Filter}, "allow-filter", "filter on directus_users, as JSON in the syntax of Directus, that must pick the user; empty for everybody")
	flags.Var(&scopeRoles{&client.ScopeRoles}, "scope-role", "scope=role: the scope is granted by users with the role alone; may be repeated, empty for every scope")
}

// names is a list that an empty value empties.
type names struct{ list *[]string }

func (n *names) String() string     { return strings.Join(n.GetSlice(), ", ") }
func (n *names) Type() string       { return "name" }
func (n *names) Set(s string) error { return n.Append(s) }

func (n *names) Append(s string) error {
	if s == "" {
		*n.list = nil
		return nil
	}
	*n.list = append(*n.list, s)
	return nil
}

//nolint:unparam // pflag.SliceValue has it so
func (n *names) Replace(all []string) error {
	*n.list = slices.Clone(all)
	return nil
}

func (n *names) GetSlice() []string {
	if n.list == nil {
		return nil
	}
	return *n.list
}

// filter is a filter of Directus.
type filter struct{ raw *json.RawMessage }

func (f *filter) Type() string { return "JSON" }

func (f *filter) String() string {
	if f.raw == nil {
		return ""
	}
	return string(*f.raw)
}

func (f *filter) Set(s string) error {
	if s == "" {
		*f.raw = nil
		return nil
	}
	checked, err := allow.CheckFilter(json.RawMessage(s))
	if err != nil {
		return fmt.Errorf("the filter %w", err)
	}
	*f.raw = checked
	return nil
}

// scopeRoles are scopes, each with the roles that may grant it, as scope=role.
type scopeRoles struct{ roles *map[string][]string }

func (s *scopeRoles) String() string { return strings.Join(s.GetSlice(), ", ") }
func (s *scopeRoles) Type() string   { return "scope=role" }

func (s *scopeRoles) Set(pair string) error { return s.Append(pair) }

func (s *scopeRoles) Append(pair string) error {
	if pair == "" {
		*s.roles = nil
		return nil
	}
	scope, role, ok := strings.Cut(pair, "=")
	if !ok || scope == "" || role == "" {
		return fmt.Errorf("%q is not scope=role", pair)
	}
	if *s.roles == nil {
		*s.roles = map[string][]string{}
	}
	(*s.roles)[scope] = append((*s.roles)[scope], role)
	return nil
}

func (s *scopeRoles) Replace(pairs []string) error {
	*s.roles = nil
	for _, pair := range pairs {
		if err := s.Append(pair); err != nil {
			return err
		}
	}
	return nil
}

func (s *scopeRoles) GetSlice() []string {
	if s.roles == nil {
		return nil
	}
	var pairs []string
	for _, scope := range slices.Sorted(maps.Keys(*s.roles)) {
		for _, role := range (*s.roles)[scope] {
			pairs = append(pairs, scope+"="+role)
		}
	}
	return pairs
}
