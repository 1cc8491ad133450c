package providertest

import (
	"context"
	"slices"
	"sync"

	"gatehouse/provider/event"
)

// Events is a sink that remembers. It is safe for concurrent use.
type Events struct {
	mu     sync.Mutex
	events []event.Event
}

// Emit remembers the event.
func (e *Events) Emit(_ context.Context, emitted event.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.events = append(e.events, emitted)
}

// All returns what was emitted, in order.
func (e *Events) All() []event.Event {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]event.Event(nil), e.events...)
}

// Named returns the events of one outcome, in order.
func (e *Events) Named(name event.Name) []event.Event {
	return slices.DeleteFunc(e.All(), func(emitted event.Event) bool { return emitted.Name != name })
}

// Count returns how often an outcome was emitted.
func (e *Events) Count(name event.Name) int {
	return len(e.Named(name))
}
