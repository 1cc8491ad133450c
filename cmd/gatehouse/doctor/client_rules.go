package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"gatehouse/storage"
	"gatehouse/storage/directus"
	"gatehouse/storage/directus/prepare"
)

// RuleTrial tries what decides who may use clients. *directus.Client satisfies it.
type RuleTrial interface {
	Matches(ctx context.Context, id string, filter json.RawMessage) (bool, error)
	RoleNames(ctx context.Context) ([]storage.NamedRole, error)
	PolicyNames(ctx context.Context) ([]storage.NamedPolicy, error)
}

// nobody is the id of no user: of a filter it tells whether Directus takes it.
const nobody = "00000000-0000-4000-8000-000000000000"

const rulesSubject = "who may use a client"

// ClientRules looks at the rules of clients: whether Directus takes their filters,
// and whether it has the roles and policies that they name. A rule at fault turns
// everybody away. What those of the configuration need is for gatehouse setup to
// grant; of clients in the store it knows nothing.
func ClientRules(ctx context.Context, trial RuleTrial, configured, stored []storage.Client) []Finding {
	var findings []Finding
	rules := 0
	for i, client := range slices.Concat(configured, stored) {
		if client.Allow.Empty() && len(client.ScopeRoles) == 0 {
			continue
		}
		rules++
		for _, look := range []func(context.Context, RuleTrial, storage.Client) ([]Finding, error){filterTaken, rolesThere, policiesThere} {
			found, err := look(ctx, trial, client)
			if err != nil {
				found = []Finding{notTried(client, i >= len(configured), err)}
			}
			findings = append(findings, found...)
		}
	}
	if rules > 0 && len(findings) == 0 {
		of := "1 client"
		if rules > 1 {
			of = fmt.Sprintf("%d clients", rules)
		}
		findings = []Finding{{Severity: OK, Subject: rulesSubject, Detail: "Directus understands the rules of " + of}}
	}
	return findings
}

func notTried(client storage.Client, isStored bool, err error) Finding {
	if errors.Is(err, directus.ErrServiceToken) {
		return Finding{
			Error, rulesSubject, "client " + client.ID + ": the service token may not read what the rules ask for; nobody may use the client", grant(isStored),
		}
	}
	return Finding{Warning, rulesSubject, fmt.Sprintf("client %s: could not be tried: %v", client.ID, err), "run gatehouse doctor again"}
}

// grant says how the service token comes by what a rule asks for.
func grant(isStored bool) string {
	if isStored {
		return fmt.Sprintf("let a policy of your own on the user %q read it (docs/access.md); gatehouse setup grants what the configuration needs alone", prepare.ServiceName)
	}
	return "run gatehouse setup, which grants what the configuration needs"
}

func filterTaken(ctx context.Context, trial RuleTrial, client storage.Client) ([]Finding, error) {
	if len(client.Allow.Filter) == 0 {
		return nil, nil
	}
	_, err := trial.Matches(ctx, nobody, client.Allow.Filter)
	switch {
	case errors.Is(err, storage.ErrForbidden):
		return []Finding{{
			Error, rulesSubject, "client " + client.ID + ": allow.filter names a field that does not exist or that the service token may not read; nobody may use the client",
			"correct the names in the filter; for fields of related collections run gatehouse setup, which grants clients of the configuration the right to read them (docs/access.md has the others)",
		}}, nil
	case errors.Is(err, storage.ErrMalformed):
		return []Finding{{
			Error, rulesSubject, "client " + client.ID + ": Directus refuses allow.filter; nobody may use the client",
			"use operators that fit the type of each field (Directus, Filter Rules)",
		}}, nil
	}
	return nil, err
}

func rolesThere(ctx context.Context, trial RuleTrial, client storage.Client) ([]Finding, error) {
	wanted := slices.Clone(client.Allow.Roles)
	for _, scope := range slices.Sorted(maps.Keys(client.ScopeRoles)) {
		wanted = append(wanted, client.ScopeRoles[scope]...)
	}
	if len(wanted) == 0 {
		return nil, nil
	}
	roles, err := trial.RoleNames(ctx)
	if err != nil {
		return nil, err
	}
	count := func(name string) (n int) {
		for _, role := range roles {
			if role.ID == name || role.Name == name {
				n++
			}
		}
		return n
	}
	return named(client, "role", wanted, count), nil
}

func policiesThere(ctx context.Context, trial RuleTrial, client storage.Client) ([]Finding, error) {
	if len(client.Allow.Policies) == 0 {
		return nil, nil
	}
	policies, err := trial.PolicyNames(ctx)
	if err != nil {
		return nil, err
	}
	count := func(name string) (n int) {
		for _, policy := range policies {
			if policy.ID == name || policy.Name == name {
				n++
			}
		}
		return n
	}
	return named(client, "policy", client.Allow.Policies, count), nil
}

// named says which names are nobody's, and which are those of several.
func named(client storage.Client, kind string, names []string, count func(name string) int) []Finding {
	var findings []Finding
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		switch n := count(name); {
		case n == 0:
			findings = append(findings, Finding{
				Error, rulesSubject, fmt.Sprintf("client %s: there is no %s %q", client.ID, kind, name), "correct the name, or write the id",
			})
		case n > 1:
			findings = append(findings, Finding{
				Warning, rulesSubject, fmt.Sprintf("client %s: %d of Directus answer to the %s %q, and each of them counts", client.ID, n, kind, name), "write the id of the one that is meant",
			})
		}
	}
	return findings
}
