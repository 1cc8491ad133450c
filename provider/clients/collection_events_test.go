package clients_test

import (
	"cmp"
	"context"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"gatehouse/provider/event"
)

// told keeps events until they are taken.
type told struct{ events []event.Event }

func (l *told) Emit(_ context.Context, e event.Event) { l.events = append(l.events, e) }

func (l *told) take() []event.Event {
	taken := l.events
	l.events = nil
	slices.SortFunc(taken, func(a, b event.Event) int { return cmp.Compare(a.ClientID, b.ClientID) })
	return taken
}

// TestRowsAreToldOfOnce: what people do to a row is an event, of one of the nodes.
func TestRowsAreToldOfOnce(t *testing.T) {
	w := newCollection(t)
	second := w.node(t)
	refresh := func() []event.Event {
		t.Helper()
		w.refresh(t)
		if err := second.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		return w.events.take()
	}
	row := func(columns ...string) map[string]string {
		values := map[string]string{}
		for i := 0; i < len(columns); i += 2 {
			values[columns[i]] = columns[i+1]
		}
		return values
	}
	w.table.set("1", rowOf(t, nil))
	if events := refresh(); len(events) > 0 {
		t.Errorf("what was there before is told: %+v", events)
	}
	const id, name, uris, status = "client_id", "client_name", "redirect_uris", "status"
	for _, step := range []struct {
		version string
		// desk is the row beside the one that stays as it is.
		desk map[string]string
		want *event.Event
	}{
		{"2", row(id, `"desk"`), &event.Event{Name: event.ClientRowAdded, ClientID: "desk", Kind: "active"}},
		{"3", row(id, `"desk"`), nil},
		{"4", row(id, `"desk"`, name, `"Other"`), &event.Event{Name: event.ClientRowChanged, ClientID: "desk", Kind: "active"}},
		{"5", row(id, `"desk"`, status, `"off"`), &event.Event{Name: event.ClientRowChanged, ClientID: "desk", Kind: "off"}},
		{"6", row(id, `"desk"`, uris, `[]`), &event.Event{Name: event.ClientRowRefused, ClientID: "desk"}},
		{"7", row(id, `"desk"`), &event.Event{Name: event.ClientRowChanged, ClientID: "desk", Kind: "active"}},
		{"8", nil, &event.Event{Name: event.ClientRowRemoved, ClientID: "desk"}},
		{"9", row(id, `"desk"`), &event.Event{Name: event.ClientRowAdded, ClientID: "desk", Kind: "active"}},
	} {
		w.table.set(step.version, rowOf(t, nil))
		if step.desk != nil {
			w.table.set(step.version, rowOf(t, nil), rowOf(t, step.desk))
		}
		var want []event.Event
		if step.want != nil {
			want = append(want, *step.want)
		}
		events := refresh()
		for i := range events {
			if (events[i].Reason != "") != (events[i].Name == event.ClientRowRefused) {
				t.Errorf("version %s: reason %q", step.version, events[i].Reason)
			}
			events[i].Reason = ""
		}
		if diff := gocmp.Diff(want, events); diff != "" {
			t.Errorf("version %s (-want +got):\n%s", step.version, diff)
		}
	}
}
