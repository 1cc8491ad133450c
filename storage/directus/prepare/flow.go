package prepare

import (
	"context"
	"net/http"

	"gatehouse/storage"
	"gatehouse/storage/directus/internal/rest"
)

// FlowName is what the Flow is found by again, OnePasswordFlowName the second one,
// which it hands single users to.
const (
	FlowName            = "Gatehouse: tell of changed users"
	OnePasswordFlowName = "Gatehouse: tell of a changed password"
)

// Flow tells us of users who were changed or deleted. In Directus it is two Flows:
// a call of ours takes a hundred users, Directus changes any number at once, and
// only one Flow that calls another takes a list apart.
type Flow struct {
	// URL is our endpoint, as Directus sees it.
	URL string
	// Header holds the Secret. Whoever may read Flows in Directus sees it.
	Header string
	Secret storage.Secret
}

const flowStep = "flow that tells of changed users"

// flow makes the Flows, or makes anew which of them somebody changed.
func (p *preparation) flow(ctx context.Context) error {
	wanted := p.options.Flow
	if wanted == nil {
		return nil
	}
	found, err := p.flows(ctx)
	if err != nil {
		return err
	}
	if found.are(*wanted) {
		p.step(flowStep, Kept, "")
		return nil
	}
	detail := "create"
	if len(found.tell)+len(found.one) > 0 {
		detail = "make anew, since it differs"
	}
	if p.options.DryRun {
		p.step(flowStep, WouldDo, detail)
		return nil
	}
	one, err := p.keepFlow(ctx, found.one, wanted.onePassword())
	if err != nil {
		return err
	}
	tell, err := p.keepFlow(ctx, found.tell, wanted.tell(one))
	if err == nil && tell == "" && one != "" {
		// Room for one is room for the one that matters.
		if err := p.removeFlow(ctx, one); err != nil {
			return err
		}
		one = ""
		tell, err = p.keepFlow(ctx, nil, wanted.tell(one))
	}
	switch {
	case err != nil:
		return err
	case tell == "":
		p.step(flowStep, Attention, "Directus takes no more flows (12 without a licence has five): remove one and run this again, or do without; then changes are noticed by WebSocket and by directus.sweep_interval")
	case one == "":
		p.step(flowStep, Attention, "tells of changes, but Directus takes no more flows (12 without a licence has five), and it needs a second: as it is, a change of more than a hundred passwords at once signs nobody out; remove one and run this again")
	default:
		p.step(flowStep, Done, detail)
	}
	return nil
}

// keepFlow returns the id of the Flow that is as planned; it is empty where
// Directus takes no more Flows.
func (p *preparation) keepFlow(ctx context.Context, found []flow, wanted plan) (string, error) {
	if len(found) == 1 && found[0].is(wanted) {
		return found[0].ID, nil
	}
	for _, old := range found {
		if err := p.removeFlow(ctx, old.ID); err != nil {
			return "", err
		}
	}
	id, err := p.createFlow(ctx, wanted)
	if rest.Status(err) == http.StatusForbidden && id != "" {
		return "", p.removeFlow(ctx, id)
	}
	return id, err
}

func (p *preparation) removeFlow(ctx context.Context, id string) error {
	return p.admin.write(ctx, http.MethodDelete, "/flows/"+id, nil, nil)
}

// createFlow switches the Flow on when all of it is there. After an error the id
// is that of one which is off.
func (p *preparation) createFlow(ctx context.Context, wanted plan) (string, error) {
	var made struct {
		ID string `json:"id"`
	}
	err := p.admin.write(ctx, http.MethodPost, "/flows", map[string]any{
		"name": wanted.name, "icon": "notifications", "status": "inactive", "accountability": nil, "trigger": wanted.trigger, "options": wanted.options,
		"description": wanted.description + " Made by gatehouse setup.",
	}, &made)
	if err != nil {
		return "", err
	}
	ids := map[string]string{}
	for i, o := range wanted.operations {
		body := map[string]any{
			"flow": made.ID, "key": o.key, "name": o.key, "type": o.kind, "options": o.options,
			"position_x": 19 + 18*(len(wanted.operations)-1-i), "position_y": 1 + 18*(i%2),
		}
		if o.resolve != "" {
			body["resolve"], body["reject"] = ids[o.resolve], ids[o.reject]
		}
		var operation struct {
			ID string `json:"id"`
		}
		if err := p.admin.write(ctx, http.MethodPost, "/operations", body, &operation); err != nil {
			return made.ID, err
		}
		ids[o.key] = operation.ID
	}
	return made.ID, p.admin.write(ctx, http.MethodPatch, "/flows/"+made.ID, map[string]any{"operation": ids[wanted.first()], "status": "active"}, nil)
}
