package prepare

import (
	"context"
	"encoding/json"
	"net/http"
	"reflect"

	"gatehouse/storage"
	"gatehouse/storage/directus/internal/rest"
)

// FlowName is what the Flow is found by again.
const FlowName = "Gatehouse: tell of changed users"

// Flow tells us of users who were changed or deleted.
type Flow struct {
	// URL is our endpoint, as Directus sees it.
	URL string
	// Header holds the Secret. Whoever may read Flows in Directus sees it.
	Header string
	Secret storage.Secret
}

// The operations of the Flow, by key. The condition only branches: what is sent
// are keys, and whether the password is among what was changed. The payload holds
// passwords in clear and must not leave Directus.
const (
	passwordOperation     = "password"
	tellPasswordOperation = "tell_password"
	tellOperation         = "tell"
)

// operation is one step of a Flow.
type operation struct {
	ID      string         `json:"id,omitempty"`
	Key     string         `json:"key"`
	Type    string         `json:"type"`
	Options map[string]any `json:"options"`
	Resolve *string        `json:"resolve"`
	Reject  *string        `json:"reject"`
}

// flow is a row of directus_flows.
type flow struct {
	ID     string `json:"id"`
	Status string `json:"status"`
	// Accountability is null where Directus keeps no record of runs, which would
	// hold what was changed.
	Accountability *string        `json:"accountability"`
	Trigger        string         `json:"trigger"`
	Options        map[string]any `json:"options"`
	Operation      *string        `json:"operation"`
	Operations     []operation    `json:"operations"`
}

// trigger leaves out new users, who have nothing to lose.
func trigger() map[string]any {
	return map[string]any{"type": "action", "scope": []any{"items.update", "items.delete"}, "collections": []any{"directus_users"}}
}

func (f Flow) request(body string) map[string]any {
	return map[string]any{
		"method": http.MethodPost, "url": f.URL, "body": body,
		"headers": []any{map[string]any{"header": f.Header, "value": f.Secret.Reveal()}},
	}
}

// operations are the steps, by key.
func (f Flow) operations() map[string]operation {
	return map[string]operation{
		passwordOperation: {Key: passwordOperation, Type: "condition", Options: map[string]any{
			"filter": map[string]any{"$trigger": map[string]any{"payload": map[string]any{"password": map[string]any{"_nnull": true}}}},
		}},
		tellPasswordOperation: {Key: tellPasswordOperation, Type: "request", Options: f.request(`{"keys":{{$trigger.keys}},"changed":"password"}`)},
		tellOperation:         {Key: tellOperation, Type: "request", Options: f.request(`{"keys":{{$trigger.keys}}}`)},
	}
}

const flowStep = "flow that tells of changed users"

// flow makes the Flow, or makes it anew where somebody changed it.
func (p *preparation) flow(ctx context.Context) error {
	wanted := p.options.Flow
	if wanted == nil {
		return nil
	}
	found, err := p.flows(ctx)
	if err != nil {
		return err
	}
	if len(found) == 1 && found[0].is(*wanted) {
		p.step(flowStep, Kept, "")
		return nil
	}
	detail := "create"
	if len(found) > 0 {
		detail = "make anew, since it differs"
	}
	if p.options.DryRun {
		p.step(flowStep, WouldDo, detail)
		return nil
	}
	for _, old := range found {
		if err := p.admin.write(ctx, http.MethodDelete, "/flows/"+old.ID, nil, nil); err != nil {
			return err
		}
	}
	err = p.createFlow(ctx, *wanted)
	if rest.Status(err) == http.StatusForbidden {
		p.step(flowStep, Attention, "Directus takes no more flows (12 without a licence has five): remove one and run this again, or do without; then changes are noticed by WebSocket and by directus.sweep_interval")
		return nil
	}
	if err != nil {
		return err
	}
	p.step(flowStep, Done, detail)
	return nil
}

// flows finds the Flow by its name.
func (p *preparation) flows(ctx context.Context) ([]flow, error) {
	var found []flow
	err := p.admin.search(ctx, "/flows", map[string]any{"name": equals(FlowName)}, []string{
		"id", "status", "accountability", "trigger", "options", "operation",
		"operations.id", "operations.key", "operations.type", "operations.options", "operations.resolve", "operations.reject",
	}, &found)
	return found, failed(err)
}

// is says whether the Flow does what it should and nothing else.
func (f flow) is(wanted Flow) bool {
	if f.Status != "active" || f.Accountability != nil || f.Trigger != "event" || f.Operation == nil || !same(f.Options, trigger()) || len(f.Operations) != 3 {
		return false
	}
	ids := map[string]string{}
	for _, o := range f.Operations {
		ids[o.Key] = o.ID
	}
	leads := func(to *string, key string) bool {
		return to == nil && key == "" || to != nil && key != "" && *to == ids[key]
	}
	if !leads(f.Operation, passwordOperation) {
		return false
	}
	for _, o := range f.Operations {
		want, ok := wanted.operations()[o.Key]
		resolve, reject := "", ""
		if o.Key == passwordOperation {
			resolve, reject = tellPasswordOperation, tellOperation
		}
		if !ok || o.Type != want.Type || !same(o.Options, want.Options) || !leads(o.Resolve, resolve) || !leads(o.Reject, reject) {
			return false
		}
	}
	return true
}

// same compares as JSON.
func same(a, b map[string]any) bool {
	var first, second any
	for _, side := range []struct {
		value map[string]any
		into  *any
	}{{a, &first}, {b, &second}} {
		raw, err := json.Marshal(side.value)
		if err != nil || json.Unmarshal(raw, side.into) != nil {
			return false
		}
	}
	return reflect.DeepEqual(first, second)
}

// createFlow switches the Flow on when all of it is there.
func (p *preparation) createFlow(ctx context.Context, wanted Flow) error {
	var made struct {
		ID string `json:"id"`
	}
	err := p.admin.write(ctx, http.MethodPost, "/flows", map[string]any{
		"name": FlowName, "icon": "notifications", "status": "inactive", "accountability": nil, "trigger": "event", "options": trigger(),
		"description": "Tells Gatehouse which users were changed or deleted, by their ids. Made by gatehouse setup.",
	}, &made)
	if err != nil {
		return err
	}
	ids := map[string]string{}
	for i, key := range []string{tellPasswordOperation, tellOperation, passwordOperation} {
		o := wanted.operations()[key]
		body := map[string]any{
			"flow": made.ID, "key": o.Key, "name": o.Key, "type": o.Type, "options": o.Options,
			"position_x": 19 + 18*(i+1)%54, "position_y": 1 + 18*(i%2),
		}
		if key == passwordOperation {
			body["resolve"], body["reject"] = ids[tellPasswordOperation], ids[tellOperation]
		}
		var operation struct {
			ID string `json:"id"`
		}
		if err := p.admin.write(ctx, http.MethodPost, "/operations", body, &operation); err != nil {
			return err
		}
		ids[key] = operation.ID
	}
	return p.admin.write(ctx, http.MethodPatch, "/flows/"+made.ID, map[string]any{"operation": ids[passwordOperation], "status": "active"}, nil)
}
