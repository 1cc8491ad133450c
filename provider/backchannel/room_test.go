package backchannel_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
)

// An app that answers nothing and has more to hear than a node takes in hand leaves
// room for others.
func TestSilentAppLeavesRoom(t *testing.T) {
	w := newWorld(t)
	w.client("silent", "silent.example", nil)
	w.client("quick", "quick.example", nil)
	release, silent, quick := make(chan struct{}), make(chan struct{}, 2000), make(chan struct{}, 1)
	w.apps.answer = func(_ context.Context, address string) (int, error) {
		if strings.Contains(address, "quick") {
			quick <- struct{}{}
			return 200, nil
		}
		silent <- struct{}{}
		<-release
		return 200, nil
	}
	d := w.node(t)
	for i := range 1000 {
		w.end(t, fmt.Sprint("user", i), d.Notify, "silent")
	}
	ctx, stop := context.WithCancel(t.Context())
	done, ticks := make(chan struct{}), make(chan time.Time)
	go func() {
		defer close(done)
		d.Run(ctx, ticks)
	}()
	for range 4 {
		<-silent
	}
	w.end(t, "ada", d.Notify, "quick")
	<-quick
	// The same for what the outboxes say.
	w.end(t, "grace", nil, "quick")
	w.clock.Advance(time.Minute)
	ticks <- w.clock.Now()
	<-quick
	stop()
	close(release)
	<-done
}

// Ports are no way round the bound of a host.
func TestPortsAreOneHost(t *testing.T) {
	w := newWorld(t)
	posting, release := make(chan struct{}, 64), make(chan struct{})
	w.apps.answer = func(context.Context, string) (int, error) {
		posting <- struct{}{}
		<-release
		return 200, nil
	}
	d := w.node(t)
	var apps []string
	for i := range 6 {
		id := fmt.Sprint("app", i)
		w.client(id, fmt.Sprintf("App.example:%d", 8000+i), nil)
		apps = append(apps, id)
	}
	w.client("dotted", "app.example.", nil)
	w.end(t, "ada", d.Notify, append(apps, "dotted")...)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		d.Run(ctx, nil)
	}()
	for range 4 {
		<-posting
	}
	// Those that wait are told to stop, so that whatever began has begun.
	stop()
	close(release)
	<-done
	if got := len(w.apps.got()); got != 4 {
		t.Errorf("%d requests to one host at once, want 4", got)
	}
}

// Somebody lists a delivery anew while another takes its old entry, left by a crash,
// for one that leads nowhere.
func TestEntryThatIsListedAgainStays(t *testing.T) {
	w := newWorld(t)
	w.client("app", "app.example", nil)
	w.end(t, "ada", nil, "app")
	for record, err := range w.store.LogoutDeliveries.All(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if err := w.store.LogoutDeliveries.Delete(t.Context(), record.Value.ID); err != nil {
			t.Fatal(err)
		}
	}
	w.clock.Advance(time.Hour)
	calls := 0
	d := w.nodeWith(t, func() time.Time {
		// First it asks what is due, then how old the entry is.
		if calls++; calls == 2 {
			w.end(t, "ada", nil, "app")
		}
		return w.clock.Now()
	})
	deliver(t, d)
	if calls < 2 {
		t.Fatal("the entry was not looked at")
	}
	w.clock.Advance(time.Minute)
	deliver(t, d)
	if got := len(w.apps.got()); got != 1 {
		t.Errorf("%d posts, want 1", got)
	}
	w.empty(t)
}
