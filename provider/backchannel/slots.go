package backchannel

import (
	"context"
	"sync"
)

const (
	// maxConcurrent bounds what is being posted at once, maxPerHost what is
	// posted to one host: a client that answers slowly holds up itself only.
	maxConcurrent = 32
	maxPerHost    = 4
)

// slots are places for requests. It is safe for concurrent use.
type slots struct {
	mu    sync.Mutex
	taken int
	hosts map[string]int
	// freed is closed when a slot becomes free.
	freed chan struct{}
}

func newSlots() *slots { return &slots{hosts: map[string]int{}, freed: make(chan struct{})} }

// take waits for a slot, or returns the context's error.
func (s *slots) take(ctx context.Context, host string) error {
	for ctx.Err() == nil {
		s.mu.Lock()
		if s.taken < maxConcurrent && s.hosts[host] < maxPerHost {
			s.taken++
			s.hosts[host]++
			s.mu.Unlock()
			return nil
		}
		freed := s.freed
		s.mu.Unlock()
		select {
		case <-freed:
		case <-ctx.Done():
		}
	}
	return ctx.Err()
}

func (s *slots) give(host string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken--
	if s.hosts[host]--; s.hosts[host] == 0 {
		delete(s.hosts, host)
	}
	close(s.freed)
	s.freed = make(chan struct{})
}
