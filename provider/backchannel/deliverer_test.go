package backchannel_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/provider/backchannel"
	"gatehouse/provider/event"
	"gatehouse/storage"
	"gatehouse/storage/storagetest"
)

func TestOneEndingIsOnePost(t *testing.T) {
	w := newWorld(t)
	w.client("app", "app.example", nil)
	nodes := []*backchannel.Deliverer{w.node(t), w.node(t), w.node(t)}
	w.end(t, "ada", nodes[0].Notify, "app")
	var work sync.WaitGroup
	for range 4 {
		for _, node := range nodes {
			work.Go(func() { deliver(t, node) })
		}
		work.Wait()
		w.clock.Advance(time.Minute)
	}
	if got := len(w.apps.got()); got != 1 {
		t.Errorf("%d posts, want 1", got)
	}
	if w.events.Count(event.LogoutDelivered) != 1 {
		t.Error("no event tells of it")
	}
	want := []storage.DeliveryAttempt{{Number: 1, Status: 200}}
	got := w.log(t)
	for i := range got {
		got[i].At = time.Time{}
	}
	if !slices.Equal(got, want) {
		t.Errorf("log %+v", got)
	}
	w.empty(t)
}

// Whoever ended the session has a moment to mark it before another node tells.
func TestAnotherNodeWaitsForTheMark(t *testing.T) {
	w := newWorld(t)
	w.client("app", "app.example", nil)
	w.end(t, "ada", nil, "app")
	node := w.node(t)
	deliver(t, node)
	if got := len(w.apps.got()); got != 0 {
		t.Errorf("%d posts at once", got)
	}
	w.clock.Advance(3 * time.Second)
	deliver(t, node)
	if got := len(w.apps.got()); got != 1 {
		t.Errorf("%d posts, want 1", got)
	}
}

func TestSixtyFourParallelEndings(t *testing.T) {
	w := newWorld(t)
	for i := range 4 {
		w.client(fmt.Sprint("app", i), fmt.Sprintf("app%d.example", i), nil)
	}
	nodes := []*backchannel.Deliverer{w.node(t), w.node(t), w.node(t)}
	var work sync.WaitGroup
	for i := range 64 {
		work.Go(func() { w.end(t, fmt.Sprint("user", i), nodes[i%3].Notify, "app0", "app1", "app2", "app3") })
	}
	for _, node := range nodes {
		work.Go(func() { deliver(t, node) })
	}
	work.Wait()
	for range 3 {
		w.clock.Advance(time.Minute)
		for _, node := range nodes {
			work.Go(func() { deliver(t, node) })
		}
		work.Wait()
	}
	seen := map[string]int{}
	for _, post := range w.apps.got() {
		payload, err := w.ring.Verify(t.Context(), post.form.Get("logout_token"), "logout+jwt")
		if err != nil {
			t.Fatal(err)
		}
		_, jti, _ := strings.Cut(string(payload), `"jti":"`)
		seen[post.address+jti[:24]]++
	}
	for _, count := range seen {
		if count != 1 {
			t.Errorf("one ending was posted %d times", count)
		}
	}
	if len(seen) != 256 {
		t.Errorf("%d endings were told, want 256", len(seen))
	}
	w.empty(t)
}

// A node dies with a delivery in its hands. Another takes it when the lease has
// run out, not before.
func TestLeaseOfADeadNode(t *testing.T) {
	for _, test := range []struct {
		name string
		// writes are those before the node dies: the lease, the log, the mark.
		writes int
		posts  int
	}{
		{"before the app was told", 1, 1},
		{"after the app was told", 2, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			w.client("app", "app.example", nil)
			dying, other := w.node(t), w.node(t)
			w.end(t, "ada", dying.Notify, "app")
			if test.writes == 1 {
				w.faulty.CrashAfter(1)
			} else {
				w.faulty.CrashBefore(2)
			}
			_ = dying.Deliver(t.Context())
			w.faulty.Restore()
			w.clock.Advance(10 * time.Second)
			deliver(t, other)
			if got := len(w.apps.got()); got != test.posts-1 {
				t.Errorf("%d posts while the lease runs, want %d", got, test.posts-1)
			}
			w.clock.Advance(25 * time.Second)
			deliver(t, other)
			if got := len(w.apps.got()); got != test.posts {
				t.Errorf("%d posts after it ran out, want %d", got, test.posts)
			}
			w.empty(t)
		})
	}
}

// Wherever a node crashes, the app is told in the end, and nothing is left.
func TestCrashAtDelivery(t *testing.T) {
	for _, status := range []int{200, 503} {
		t.Run(fmt.Sprint("answer ", status), func(t *testing.T) {
			storagetest.EachCrash(t, func(t *testing.T, arm func(*storagetest.Faulty)) {
				w := newWorld(t)
				w.client("app", "app.example", nil)
				d := w.node(t)
				w.apps.reply(status, nil)
				w.end(t, "ada", d.Notify, "app")
				arm(w.faulty)
				_ = d.Deliver(t.Context())
				w.faulty.Restore()
				w.apps.reply(200, nil)
				for range 3 {
					w.clock.Advance(time.Minute)
					deliver(t, d)
				}
				posts := len(w.apps.got())
				if posts == 0 || posts > 2 {
					t.Errorf("%d posts", posts)
				}
				if w.events.Count(event.LogoutDelivered) == 0 {
					t.Error("it was not delivered")
				}
				w.empty(t)
			})
		})
	}
}

func TestBackoff(t *testing.T) {
	for _, test := range []struct {
		name   string
		status int
		err    error
	}{
		{"unavailable", 503, nil},
		{"not found", 404, nil},
		{"redirect", 302, nil},
		{"too many requests", 429, nil},
		{"timeout of its own", 408, nil},
		{"no connection", 0, errors.New("connection refused")},
		{"no answer", 0, context.DeadlineExceeded},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			w.client("app", "app.example", nil)
			d := w.node(t)
			w.apps.reply(test.status, test.err)
			w.end(t, "ada", d.Notify, "app")
			deliver(t, d)
			waits := []time.Duration{5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour, time.Hour}
			for i, wait := range waits {
				w.clock.Advance(wait - time.Second)
				deliver(t, d)
				if got := len(w.apps.got()); got != i+1 {
					t.Fatalf("%d posts before %s have passed, want %d", got, wait, i+1)
				}
				w.clock.Advance(time.Second)
				deliver(t, d)
				if got := len(w.apps.got()); got != i+2 {
					t.Fatalf("%d posts after %s, want %d", got, wait, i+2)
				}
			}
			for range 24 {
				w.clock.Advance(time.Hour)
				deliver(t, d)
			}
			if w.events.Count(event.LogoutGivenUp) != 1 {
				t.Error("it was not given up within a day")
			}
			log := w.log(t)
			if last := log[len(log)-1]; !last.GivenUp || last.Problem == "" || last.Status != test.status || last.Number != len(log) {
				t.Errorf("the log ends with %+v", last)
			}
			before := len(w.apps.got())
			w.clock.Advance(2 * time.Hour)
			deliver(t, d)
			if got := len(w.apps.got()); got != before {
				t.Error("it was tried again after it was given up")
			}
			w.empty(t)
		})
	}
}

// A client that anybody could have registered is not tried for a day: its
// deliveries take room that all sign-outs share.
func TestStrangersAreGivenUpSooner(t *testing.T) {
	for by, hours := range map[storage.RegisteredBy]int{storage.RegisteredOpenly: 1, storage.RegisteredByToken: 24} {
		w := newWorld(t)
		w.client("app", "app.example", func(client *storage.Client) { client.Registered = by })
		d := w.node(t)
		w.apps.reply(500, nil)
		w.end(t, "ada", d.Notify, "app")
		deliver(t, d)
		for minutes := 5; minutes <= hours*60; minutes += 5 {
			w.clock.Advance(5 * time.Minute)
			deliver(t, d)
			if minutes <= hours*30 && w.events.Count(event.LogoutGivenUp) != 0 {
				t.Fatalf("%s: given up after %d minutes", by, minutes)
			}
		}
		if got := w.events.Count(event.LogoutGivenUp); got != 1 {
			t.Errorf("%s: given up %d times within %d hours", by, got, hours)
		}
		w.empty(t)
	}
}

// Section 2.8: 200 is success, and 400 an answer that more of the same does not
// change.
func TestAnswersThatEndADelivery(t *testing.T) {
	for status, want := range map[int]event.Name{200: event.LogoutDelivered, 204: event.LogoutDelivered, 400: event.LogoutGivenUp} {
		w := newWorld(t)
		w.client("app", "app.example", nil)
		d := w.node(t)
		w.apps.reply(status, nil)
		w.end(t, "ada", d.Notify, "app")
		deliver(t, d)
		w.clock.Advance(2 * time.Hour)
		deliver(t, d)
		if got := len(w.apps.got()); got != 1 || w.events.Count(want) != 1 {
			t.Errorf("%d: %d posts and %d events %s", status, got, w.events.Count(want), want)
		}
		if log := w.log(t); len(log) != 1 || log[0].Status != status || log[0].GivenUp != (status == 400) {
			t.Errorf("%d: log %+v", status, log)
		}
		w.empty(t)
	}
}

func TestAppsThatAreGoneAreDropped(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(w *world)
	}{
		{"removed", func(w *world) { w.clients.remove("app") }},
		{"its address removed", func(w *world) {
			w.client("app", "app.example", func(c *storage.Client) { c.BackChannelLogoutURI = "" })
		}},
		{"another of the same id", func(w *world) {
			w.client("app", "app.example", func(c *storage.Client) { c.CreatedAt = w.clock.Now().Add(time.Second) })
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			w.client("app", "app.example", nil)
			d := w.node(t)
			w.end(t, "ada", d.Notify, "app")
			test.change(w)
			deliver(t, d)
			if got := len(w.apps.got()); got != 0 || w.events.Count(event.LogoutGivenUp) != 1 {
				t.Errorf("%d posts, %d given up", got, w.events.Count(event.LogoutGivenUp))
			}
			w.empty(t)
		})
	}
}

func TestLogIsBounded(t *testing.T) {
	w := newWorld(t)
	w.client("app", "app.example", nil)
	d := w.node(t)
	for i := range storage.MaxDeliveryAttempts + 5 {
		w.end(t, fmt.Sprint("user", i), d.Notify, "app")
		deliver(t, d)
		w.clock.Advance(time.Second)
	}
	log := w.log(t)
	if len(log) != storage.MaxDeliveryAttempts || !log[len(log)-1].At.After(log[0].At) {
		t.Errorf("%d attempts in the log", len(log))
	}
}

func TestNothingSecretIsTold(t *testing.T) {
	w := newWorld(t)
	w.client("app", "app.example", nil)
	d := w.node(t)
	w.apps.reply(500, nil)
	w.end(t, "ada", d.Notify, "app")
	deliver(t, d)
	token := w.apps.got()[0].form.Get("logout_token")
	for _, e := range w.events.All() {
		if text := fmt.Sprintf("%+v", e); strings.Contains(text, token) || strings.Contains(text, "session of ada") {
			t.Errorf("an event tells %s", text)
		}
	}
}

func TestNewNeedsEverything(t *testing.T) {
	if _, err := backchannel.New(backchannel.Config{}); err == nil {
		t.Error("an empty configuration will do")
	}
}
