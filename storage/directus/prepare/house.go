package prepare

import "context"

// tfaRole is a row of directus_roles.
type tfaRole struct {
	ID     string  `json:"id"`
	Name   string  `json:"name"`
	Parent *string `json:"parent"`
}

// house is who holds which policy.
type house struct {
	policies map[string]rights
	roles    map[string]tfaRole
	holdings []holding
}

func newHouse(policies []rights, holdings []holding, roles []tfaRole) house {
	h := house{policies: map[string]rights{}, roles: map[string]tfaRole{}, holdings: holdings}
	for _, policy := range policies {
		h.policies[policy.ID] = policy
	}
	for _, role := range roles {
		h.roles[role.ID] = role
	}
	return h
}

// house reads who holds the policies, and the roles.
func (p *preparation) house(ctx context.Context, policies []rights) (house, error) {
	var holdings []holding
	if err := p.admin.search(ctx, "/access", nil, []string{"role", "user", "policy"}, &holdings); err != nil {
		return house{}, failed(err)
	}
	var roles []tfaRole
	if err := p.admin.search(ctx, "/roles", nil, []string{"id", "name", "parent"}, &roles); err != nil {
		return house{}, failed(err)
	}
	return newHouse(policies, holdings, roles), nil
}

// enrols says whether one of the policies that are held so lets its holder set
// up a one-time password.
func (h house) enrols(held func(holding) bool) bool {
	for _, row := range h.holdings {
		if held(row) && h.policies[row.Policy].enrols() {
			return true
		}
	}
	return false
}

// roleEnrols looks at a role and at those above it.
func (h house) roleEnrols(id string) bool {
	for depth := 0; depth <= maxDepth; depth++ {
		if h.enrols(func(row holding) bool { return row.Role != nil && *row.Role == id }) {
			return true
		}
		parent := h.roles[id].Parent
		if parent == nil {
			return false
		}
		id = *parent
	}
	return false
}
