package prepare

import (
	"context"
	"encoding/json"
	"net/http"
	"reflect"
)

// The operations of the Flows, by key. The condition only branches: what is sent
// are keys, and whether the password is among what was changed. The payload holds
// passwords in clear and must not leave Directus.
const (
	passwordOperation     = "password"
	tellPasswordOperation = "tell_password"
	tellOperation         = "tell"
)

// callsAtOnce is how many users of one change are told of at a time.
const callsAtOnce = 10

// plan is a Flow as it should be.
type plan struct {
	name, description, trigger string
	options                    map[string]any
	// operations are in the order in which they are made: the first to run comes
	// last.
	operations []planned
}

type planned struct {
	key, kind       string
	options         map[string]any
	resolve, reject string
}

func (p plan) first() string { return p.operations[len(p.operations)-1].key }

// tell leaves out new users, who have nothing to lose. Users with another password
// go one by one to the Flow with the id, for too many in one call would be lost:
// no look finds that change. Without that Flow they go as all others.
func (f Flow) tell(one string) plan {
	password := planned{key: tellPasswordOperation, kind: "request", options: f.request(`{"changed":"password","keys":{{$trigger.keys}}}`)}
	if one != "" {
		password.kind = "trigger"
		password.options = map[string]any{"flow": one, "payload": "{{$trigger.keys}}", "iterationMode": "batch", "batchSize": callsAtOnce}
	}
	return plan{
		name: FlowName, description: "Tells Gatehouse which users were changed or deleted, by their ids.", trigger: "event",
		options: map[string]any{"type": "action", "scope": []any{"items.update", "items.delete"}, "collections": []any{"directus_users"}},
		operations: []planned{
			password,
			{key: tellOperation, kind: "request", options: f.request(`{"keys":{{$trigger.keys}}}`)},
			{
				key: passwordOperation, kind: "condition", resolve: tellPasswordOperation, reject: tellOperation,
				// Whatever it is changed to: a password that is taken away is null.
				options: map[string]any{
					"filter": map[string]any{"$trigger": map[string]any{"payload": map[string]any{"password": map[string]any{"_submitted": true}}}},
				},
			},
		},
	}
}

// onePassword is the Flow that is called with one id.
func (f Flow) onePassword() plan {
	return plan{
		name: OnePasswordFlowName, description: "Tells Gatehouse of one user whose password was changed, by his id.", trigger: "operation",
		options:    map[string]any{},
		operations: []planned{{key: tellOperation, kind: "request", options: f.request(`{"changed":"password","keys":["{{$trigger}}"]}`)}},
	}
}

func (f Flow) request(body string) map[string]any {
	return map[string]any{
		"method": http.MethodPost, "url": f.URL, "body": body,
		"headers": []any{map[string]any{"header": f.Header, "value": f.Secret.Reveal()}},
	}
}

// flow is a row of directus_flows.
type flow struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Status string `json:"status"`
	// Accountability is null where Directus keeps no record of runs, which would
	// hold what was changed.
	Accountability *string        `json:"accountability"`
	Trigger        string         `json:"trigger"`
	Options        map[string]any `json:"options"`
	Operation      *string        `json:"operation"`
	Operations     []operation    `json:"operations"`
}

// operation is one step of a Flow.
type operation struct {
	ID      string         `json:"id,omitempty"`
	Key     string         `json:"key"`
	Type    string         `json:"type"`
	Options map[string]any `json:"options"`
	Resolve *string        `json:"resolve"`
	Reject  *string        `json:"reject"`
}

// ours are the Flows of ours, by what they are for.
type ours struct{ tell, one []flow }

// flows finds the Flows by their names.
func (p *preparation) flows(ctx context.Context) (ours, error) {
	var rows []flow
	err := p.admin.search(ctx, "/flows", map[string]any{"name": map[string]any{"_in": []string{FlowName, OnePasswordFlowName}}}, []string{
		"id", "name", "status", "accountability", "trigger", "options", "operation",
		"operations.id", "operations.key", "operations.type", "operations.options", "operations.resolve", "operations.reject",
	}, &rows)
	var found ours
	for _, row := range rows {
		if row.Name == OnePasswordFlowName {
			found.one = append(found.one, row)
		} else {
			found.tell = append(found.tell, row)
		}
	}
	return found, failed(err)
}

// are says whether the Flows do what they should and nothing else.
func (o ours) are(wanted Flow) bool {
	return len(o.tell) == 1 && len(o.one) == 1 && o.one[0].is(wanted.onePassword()) && o.tell[0].is(wanted.tell(o.one[0].ID))
}

// is says whether the Flow is as planned, and nothing besides.
func (f flow) is(wanted plan) bool {
	if f.Status != "active" || f.Accountability != nil || f.Trigger != wanted.trigger || !same(f.Options, wanted.options) || len(f.Operations) != len(wanted.operations) {
		return false
	}
	found := map[string]operation{}
	for _, o := range f.Operations {
		found[o.Key] = o
	}
	leads := func(to *string, key string) bool {
		return to == nil && key == "" || to != nil && key != "" && *to == found[key].ID
	}
	if !leads(f.Operation, wanted.first()) {
		return false
	}
	for _, want := range wanted.operations {
		o, ok := found[want.key]
		if !ok || o.Type != want.kind || !same(o.Options, want.options) || !leads(o.Resolve, want.resolve) || !leads(o.Reject, want.reject) {
			return false
		}
	}
	return true
}

// same compares as JSON.
func same(a, b map[string]any) bool {
	if len(a) == 0 && len(b) == 0 {
		return true
	}
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
