package backchannel

import "sync"

const (
	// maxHeld bounds the deliveries that one node has in hand, and maxHeldOfClient
	// those of one client: one whose host is silent must leave room for others.
	// What is more waits in the outboxes.
	maxHeld         = 1000
	maxHeldOfClient = 64
)

// hand is the deliveries that are being made by one node or wait for a slot. It is
// safe for concurrent use.
type hand struct {
	mu sync.Mutex
	// clients are those of the deliveries, empty where it is not known yet.
	clients map[string]string
	counts  map[string]int
}

func newHand() *hand { return &hand{clients: map[string]string{}, counts: map[string]int{}} }

// take takes a delivery, unless it is in hand or there is no room.
func (h *hand) take(id, clientID string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, ok := h.clients[id]; ok || len(h.clients) >= maxHeld {
		return false
	}
	return h.count(id, clientID)
}

// know says whose the delivery in hand is, and whether there is room for it.
func (h *hand) know(id, clientID string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.clients[id] == clientID || h.count(id, clientID)
}

func (h *hand) count(id, clientID string) bool {
	if clientID != "" {
		if h.counts[clientID] >= maxHeldOfClient {
			return false
		}
		h.counts[clientID]++
	}
	h.clients[id] = clientID
	return true
}

// release gives deliveries out of hand.
func (h *hand) release(ids ...string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, id := range ids {
		clientID := h.clients[id]
		delete(h.clients, id)
		if h.counts[clientID]--; h.counts[clientID] <= 0 {
			delete(h.counts, clientID)
		}
	}
}
