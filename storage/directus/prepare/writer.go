package prepare

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"gatehouse/storage"
)

// WriterName is that of the user whose token may create and change users, and of
// what holds its rights.
const WriterName = "Gatehouse writer"

const (
	writerRights = "writer policy"
	writerUser   = "writer"
	writerToken  = "write token"
)

// writable are the only actions of the writer, on users and on nothing else. Yet
// a role is a column of a user, so they amount to an administrator's: rules that
// would narrow them need a licence since Directus 12.
var writable = []string{"create", "update"}

// writer makes or verifies the second user, if it is asked for.
func (p *preparation) writer(ctx context.Context) error {
	if !p.options.Writer {
		return nil
	}
	rights, err := p.grantWriting(ctx)
	if err != nil {
		return err
	}
	user, err := p.findWriter(ctx, rights)
	if err != nil {
		return err
	}
	if user == nil {
		return p.change(writerUser, "create without e-mail address and password", func() error {
			return p.createWriter(ctx, rights)
		})
	}
	if user.Status != "active" {
		return fmt.Errorf("the user %q is %s; somebody meant its token to stop, so set it to active in the Studio or delete it", WriterName, user.Status)
	}
	p.step(writerUser, Kept, user.ID)
	return p.keepWriterToken(ctx, user)
}

// grantWriting returns the id of what holds the writer's rights; it is empty
// after a dry run that would make it.
func (p *preparation) grantWriting(ctx context.Context) (string, error) {
	var found []struct {
		ID string `json:"id"`
	}
	if err := p.admin.search(ctx, p.model.path, map[string]any{"name": equals(WriterName)}, []string{"id"}, &found); err != nil {
		return "", failed(err)
	}
	if len(found) > 1 {
		return "", fmt.Errorf("%d %ss are named %q; rename all but one", len(found), p.model.key, WriterName)
	}
	var id string
	if len(found) == 0 {
		err := p.change(writerRights, "create "+WriterName, func() (err error) {
			id, err = p.createWriterRights(ctx)
			return err
		})
		if err != nil || id == "" {
			return "", err
		}
	} else {
		id = found[0].ID
		p.step(writerRights, Kept, WriterName)
	}
	return id, p.grantWrites(ctx, id)
}

func (p *preparation) createWriterRights(ctx context.Context) (string, error) {
	body := noAccess()
	body["name"], body["icon"] = WriterName, "edit"
	body["description"] = "Creates and changes users for Gatehouse. Whoever has its token can make himself an administrator: restrict it to Gatehouse's address (IP Access)."
	var created struct {
		ID string `json:"id"`
	}
	err := p.admin.write(ctx, http.MethodPost, p.model.path, body, &created)
	return created.ID, err
}

// grantWrites grants what is missing and names what is granted beyond it.
func (p *preparation) grantWrites(ctx context.Context, id string) error {
	var rows []permission
	err := p.admin.search(ctx, "/permissions", map[string]any{p.model.key: equals(id)}, []string{"id", "collection", "action", "fields", "permissions"}, &rows)
	if err != nil {
		return failed(err)
	}
	var more []string
	for _, row := range rows {
		if row.Collection != "directus_users" || !slices.Contains(writable, row.Action) {
			more = append(more, row.Action+" "+row.Collection)
		}
	}
	for _, action := range writable {
		name := action + " directus_users"
		if slices.ContainsFunc(rows, func(row permission) bool { return row.Collection == "directus_users" && row.Action == action }) {
			// Whoever narrowed it had a reason.
			p.step(name, Kept, "")
			continue
		}
		err := p.change(name, "grant", func() error {
			return p.admin.write(ctx, http.MethodPost, "/permissions", map[string]any{
				p.model.key: id, "collection": "directus_users", "action": action, "fields": []string{"*"},
			}, nil)
		})
		if err != nil {
			return err
		}
	}
	if len(more) > 0 {
		p.step(writerRights, Attention, "grants more than Gatehouse needs: "+strings.Join(more, ", "))
	}
	return nil
}

func (p *preparation) findWriter(ctx context.Context, rights string) (*serviceUser, error) {
	if rights == "" {
		return nil, nil
	}
	filter := map[string]any{"role": equals(rights)}
	if p.model.policies {
		filter = map[string]any{"policies": map[string]any{"policy": equals(rights)}}
	}
	var users []serviceUser
	if err := p.admin.search(ctx, "/users", filter, []string{"id", "status", "token"}, &users); err != nil {
		return nil, failed(err)
	}
	switch len(users) {
	case 0:
		return nil, nil
	case 1:
		return &users[0], nil
	}
	return nil, fmt.Errorf("%d users hold %q; take it from all but one", len(users), WriterName)
}

func (p *preparation) createWriter(ctx context.Context, rights string) error {
	token, err := p.newToken()
	if err != nil {
		return err
	}
	body := map[string]any{"first_name": WriterName, "status": "active", "token": token.Reveal()}
	if p.model.policies {
		body["policies"] = []map[string]string{{"policy": rights}}
	} else {
		body["role"] = rights
	}
	if err := p.admin.write(ctx, http.MethodPost, "/users", body, nil); err != nil {
		return err
	}
	p.report.WriteToken, p.report.WriteTokenIsNew = token, true
	return nil
}

// keepWriterToken follows the rules of serviceToken.
func (p *preparation) keepWriterToken(ctx context.Context, user *serviceUser) error {
	owner, err := p.tokenOwner(ctx, p.options.WriteToken)
	switch {
	case err != nil:
		return err
	case p.options.RotateToken:
	case owner == user.ID:
		p.report.WriteToken = p.options.WriteToken
		p.step(writerToken, Kept, "")
		return nil
	case owner != "":
		return fmt.Errorf("write token: %w", ErrTokenForeign)
	case user.Token != nil:
		return fmt.Errorf("write token: %w", ErrTokenUnknown)
	}
	return p.change(writerToken, "make a new one", func() error {
		var token storage.Secret
		if token, err = p.newToken(); err != nil {
			return err
		}
		if err := p.admin.write(ctx, http.MethodPatch, "/users/"+user.ID, map[string]any{"token": token.Reveal()}, nil); err != nil {
			return err
		}
		p.report.WriteToken, p.report.WriteTokenIsNew = token, true
		return nil
	})
}
