package providertest

import (
	"context"
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

// Count returns how often an outcome was emitted.
func (e *Events) Count(name event.Name) int {
	count := 0
	for _, emitted := range e.All() {
		if emitted.Name == name {
			count++
		}
	}
	return count
}
