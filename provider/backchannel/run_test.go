package backchannel_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/provider/event"
)

// One host that does not answer holds up nobody else, and is asked four times at
// once at most.
func TestSlowHostHoldsUpItselfOnly(t *testing.T) {
	w := newWorld(t)
	w.client("slow", "slow.example", nil)
	w.client("slow too", "slow.example", nil)
	w.client("quick", "quick.example", nil)
	release, quick := make(chan struct{}), make(chan struct{}, 64)
	var mu sync.Mutex
	now, most := 0, 0
	w.apps.answer = func(_ context.Context, address string) (int, error) {
		if strings.Contains(address, "quick") {
			quick <- struct{}{}
			return 200, nil
		}
		mu.Lock()
		now++
		most = max(most, now)
		mu.Unlock()
		<-release
		mu.Lock()
		now--
		mu.Unlock()
		return 200, nil
	}
	d := w.node(t)
	for i := range 40 {
		w.end(t, fmt.Sprint("user", i), d.Notify, "slow", "slow too", "quick")
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		d.Run(ctx, nil)
	}()
	for range 40 {
		<-quick
	}
	close(release)
	ticked := 0
	for len(w.apps.got()) < 120 {
		ticked++
		deliver(t, d)
	}
	stop()
	<-done
	if most > 4 {
		t.Errorf("%d requests to one host at once", most)
	}
	w.empty(t)
}

// What is being posted when a node stops is finished; what waits is left to others.
func TestStopFinishesWhatWasBegun(t *testing.T) {
	w := newWorld(t)
	w.client("app", "app.example", nil)
	begun, release := make(chan struct{}, 64), make(chan struct{})
	w.apps.answer = func(ctx context.Context, _ string) (int, error) {
		begun <- struct{}{}
		<-release
		return 200, ctx.Err()
	}
	d := w.node(t)
	for i := range 6 {
		w.end(t, fmt.Sprint("user", i), d.Notify, "app")
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		d.Run(ctx, nil)
	}()
	for range 4 {
		<-begun
	}
	stop()
	close(release)
	<-done
	if got := w.events.Count(event.LogoutDelivered); got < 4 {
		t.Errorf("%d deliveries were finished, want 4", got)
	}
	w.clock.Advance(time.Minute)
	deliver(t, w.node(t))
	if got := w.events.Count(event.LogoutDelivered); got != 6 {
		t.Errorf("%d deliveries in the end, want 6", got)
	}
	w.empty(t)
}
