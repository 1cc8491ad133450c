package prepare

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"gatehouse/storage/directus/internal/rest"
)

// Examination is what only an administrator sees of a Directus.
type Examination struct {
	Rules        Rules
	Registration PublicRegistration
	// CannotEnrol are the policies that ask for one-time passwords of people
	// whom Directus would not let set one up.
	CannotEnrol []Enforcement
	License     License
	// Invitations says whether Options.InviteURL may stand in mails that invite.
	Invitations Answer
	// Mail says whether Directus itself reaches its mail server. It is NotAsked
	// where Directus does not try, see examineMail.
	Mail Answer
	// Flow is how the Flow is that tells of changed users.
	Flow       FlowState
	Forwarding Forwarding
	// ServiceStatus is the status of the service user; empty if there is none.
	ServiceStatus string
	// ClientWriters are who may change the clients in Options.ClientsCollection.
	ClientWriters []RowWriter
}

// PublicRegistration is the registration of Directus itself.
type PublicRegistration struct {
	Open, VerifiesEmail bool
	// Role is that of new users.
	Role RoleAccess
}

// RoleAccess is a role and what it may do by itself or through those above it.
type RoleAccess struct {
	// ID is empty for no role at all.
	ID, Name   string
	Admin, App bool
}

// Enforcement is a policy that asks for one-time passwords, and a role or user
// that holds it.
type Enforcement struct{ Policy, Holder string }

// Examine signs in as administrator, looks and signs out again. It changes
// nothing, but tries an invitation that comes to nothing if Options.InviteURL is
// set, and a second sign-in if Options.TryForwarding is. Of the roles named by their ids it also says what they may do.
func Examine(ctx context.Context, options Options, roles ...string) (Examination, []RoleAccess, error) {
	var found Examination
	var named []RoleAccess
	options.DryRun = true
	err := withAdministrator(ctx, options, func(p *preparation) error {
		if err := p.findModel(ctx); err != nil {
			return err
		}
		if err := p.examineSettings(ctx, &found); err != nil {
			return err
		}
		for _, id := range roles {
			access, err := p.roleAccess(ctx, id)
			if err != nil {
				return err
			}
			named = append(named, access)
		}
		for _, look := range []func(context.Context, *Examination) error{
			p.examineLicense, p.examineServiceUser, p.examineInvitations, p.examineForwarding, p.examineMail, p.examineFlow,
		} {
			if err := look(ctx, &found); err != nil {
				return err
			}
		}
		var err error
		if found.Rules, err = p.rules(ctx); err != nil {
			return err
		}
		if found.CannotEnrol, err = p.cannotEnrol(ctx); err != nil || p.options.ClientsCollection == "" {
			return err
		}
		found.ClientWriters, err = p.rowWriters(ctx, p.options.ClientsCollection)
		return err
	})
	return found, named, err
}

func (p *preparation) examineSettings(ctx context.Context, found *Examination) error {
	var settings struct {
		Open     *rest.Flag `json:"public_registration"`
		Verifies *rest.Flag `json:"public_registration_verify_email"`
		Role     *string    `json:"public_registration_role"`
	}
	// All of them: an older Directus has no such column, and refuses to name it.
	if err := p.admin.get(ctx, "/settings", nil, &settings); err != nil {
		return failed(err)
	}
	found.Registration.Open = settings.Open != nil && bool(*settings.Open)
	found.Registration.VerifiesEmail = settings.Verifies != nil && bool(*settings.Verifies)
	if settings.Role == nil {
		return nil
	}
	var err error
	found.Registration.Role, err = p.roleAccess(ctx, *settings.Role)
	return err
}

// roleAccess walks from a role to those above it, whose rights it has too. A
// role that is not there has no name.
func (p *preparation) roleAccess(ctx context.Context, id string) (RoleAccess, error) {
	access := RoleAccess{ID: id}
	for above, depth := id, 0; above != "" && depth <= maxDepth; depth++ {
		var rows []struct {
			role
			Name string `json:"name"`
		}
		if err := p.admin.search(ctx, "/roles", map[string]any{"id": equals(above)}, append(p.roleFields(), "name"), &rows); err != nil {
			return access, failed(err)
		}
		if len(rows) == 0 {
			break
		}
		admin, app := rows[0].access()
		access.Admin, access.App = access.Admin || admin, access.App || app
		access.Name = cmp.Or(access.Name, rows[0].Name)
		above = ""
		if rows[0].Parent != nil {
			above = *rows[0].Parent
		}
	}
	return access, nil
}

// rights is what is needed of a policy to tell whether its holders may set up a
// one-time password: they update their own row for it. Access to the Studio alone
// does not grant that (seen on 11.17.4 and 12.4.0).
type rights struct {
	ID       string    `json:"id"`
	Name     string    `json:"name"`
	Admin    rest.Flag `json:"admin_access"`
	Enforces rest.Flag `json:"enforce_tfa"`
	// updates says that its holders may change the column of one-time passwords.
	updates bool
}

func (r rights) enrols() bool { return bool(r.Admin) || r.updates }

// holding is a row of directus_access.
type holding struct {
	Role   *string `json:"role"`
	User   *string `json:"user"`
	Policy string  `json:"policy"`
}

// cannotEnrol is empty for Directus 10, which lets everybody enrol whose role
// asks for it.
func (p *preparation) cannotEnrol(ctx context.Context) ([]Enforcement, error) {
	if !p.model.policies {
		return nil, nil
	}
	var policies []rights
	if err := p.admin.search(ctx, "/policies", nil, []string{"id", "name", "admin_access", "enforce_tfa"}, &policies); err != nil {
		return nil, failed(err)
	}
	if !slices.ContainsFunc(policies, func(r rights) bool { return bool(r.Enforces) }) {
		return nil, nil
	}
	if err := p.addUpdates(ctx, policies); err != nil {
		return nil, err
	}
	house, err := p.house(ctx, policies)
	if err != nil {
		return nil, err
	}
	found := map[Enforcement]bool{}
	for _, held := range house.holdings {
		policy := house.policies[held.Policy]
		if !policy.Enforces {
			continue
		}
		holder, able, err := p.judge(ctx, house, held)
		if err != nil {
			return nil, err
		}
		if !able {
			found[Enforcement{Policy: policy.Name, Holder: holder}] = true
		}
	}
	return slices.SortedFunc(maps.Keys(found), func(a, b Enforcement) int {
		return cmp.Or(cmp.Compare(a.Policy, b.Policy), cmp.Compare(a.Holder, b.Holder))
	}), nil
}

// addUpdates finds the policies that let people change the column of one-time
// passwords. Directus 12 without a licence keeps permissions with rules that it
// then ignores; /permissions leaves them out, and others too if their columns are
// not all asked for.
func (p *preparation) addUpdates(ctx context.Context, policies []rights) error {
	var rows []struct {
		Policy string   `json:"policy"`
		Fields []string `json:"fields"`
	}
	filter := map[string]any{"collection": equals("directus_users"), "action": equals("update")}
	if err := p.admin.search(ctx, "/permissions", filter, []string{"*"}, &rows); err != nil {
		return failed(err)
	}
	for _, row := range rows {
		if !slices.Contains(row.Fields, "*") && !slices.Contains(row.Fields, "tfa_secret") {
			continue
		}
		for i := range policies {
			policies[i].updates = policies[i].updates || policies[i].ID == row.Policy
		}
	}
	return nil
}

// judge says who holds a policy, and whether he may set up a one-time password
// by that or by another.
func (p *preparation) judge(ctx context.Context, h house, held holding) (holder string, able bool, err error) {
	switch {
	case held.User != nil:
		var users []struct {
			Role *string `json:"role"`
		}
		if err := p.admin.search(ctx, "/users", map[string]any{"id": equals(*held.User)}, []string{"role"}, &users); err != nil {
			return "", false, failed(err)
		}
		able = h.enrols(func(other holding) bool { return other.User != nil && *other.User == *held.User })
		if len(users) > 0 && users[0].Role != nil {
			able = able || h.roleEnrols(*users[0].Role)
		}
		return "user " + *held.User, able, nil
	case held.Role != nil:
		return "role " + h.roles[*held.Role].Name, h.roleEnrols(*held.Role), nil
	}
	// Of the public: it is nobody's who signs in.
	return "", true, nil
}
