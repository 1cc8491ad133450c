//go:build linux

package bench_test

import (
	"fmt"
	"net/url"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"gatehouse/provider/providertest"
)

// A run of fewer operations is go test finding its pace, and proves nothing.
const enough = 2 * turn

// atOnce is how many callers the concurrent benchmarks have.
const atOnce = 8

// usualGrants is how many grants the index of each person lists.
const usualGrants = 10

// limit is the processor time that a flow may take, as a multiple of its floor
// (docs/performance.md).
func limit(algorithm jose.SignatureAlgorithm) float64 {
	if algorithm == jose.RS256 {
		return 1.3
	}
	return 3
}

func algorithms() []jose.SignatureAlgorithm {
	return []jose.SignatureAlgorithm{jose.RS256, jose.ES256}
}

// clientOf is the client whose ID tokens are signed with the algorithm.
func clientOf(algorithm jose.SignatureAlgorithm) string {
	if algorithm == jose.ES256 {
		return es256ID
	}
	return providertest.WebID
}

// flow is an operation and the floor under it.
type flow struct {
	app *app
	// run is given the app, or the same app in front of the floor.
	run func(*app) error
	// Beside the answers the floor makes one signature of the algorithm, if
	// any, and so many commands to Redis.
	algorithm     jose.SignatureAlgorithm
	reads, writes int
	// limited flows keep to the limit of their algorithm.
	limited bool
	callers int
	before  func()
}

// bench measures the flow beside its floor.
func (h *house) bench(b *testing.B, f flow) {
	b.Helper()
	least := &floor{
		Redis: h.redis, Algorithm: f.algorithm, Reads: f.reads, Writes: f.writes,
		Answers: recordAnswers(b, f.app, f.run),
	}
	base, floorClock := h.startFloor(least, b)
	bare := f.app.at(base)
	if f.before == nil {
		f.before = func() {}
	}
	ours, floor := compare(b, sides{
		callers: max(f.callers, 1), before: f.before, asked: h.asked,
		ours: func() error { return f.run(f.app) }, oursClock: h.clock,
		floor: func() error { return f.run(bare) }, floorClock: floorClock,
	})
	ratio := ours.multipleOf(floor)
	b.ReportMetric(microseconds(ours.perOperation()), "cpu-µs/op")
	b.ReportMetric(microseconds(floor.perOperation()), "floor-µs/op")
	b.ReportMetric(ratio, "x-floor")
	if h.trips != nil {
		b.ReportMetric(float64(ours.trips)/float64(b.N), "redis/op")
	}
	if h.memory != nil {
		b.ReportMetric(h.memory(b), "memory-MB")
	}
	b.ReportMetric(float64(ours.looks)/float64(b.N), "directus/op")
	b.ReportMetric(microseconds(ours.percentile(0.5)), "p50-µs")
	b.ReportMetric(microseconds(ours.percentile(0.99)), "p99-µs")
	if most := limit(f.algorithm); f.limited && b.N >= enough && ratio > most {
		h.exceeded = append(h.exceeded, fmt.Sprintf("%s: %.2f times the floor, more than %.1f", b.Name(), ratio, most))
	}
}

// BenchmarkServe measures gatehouse serve, a process of its own, by the
// processor time that it alone takes.
func BenchmarkServe(b *testing.B) {
	h := houseApart(b)
	h.benchFlows(b)
}

// BenchmarkHandlers measures the same handlers in this process. Processor time
// and allocations are then those of client and server together, on both sides.
func BenchmarkHandlers(b *testing.B) {
	h := houseInside(b)
	for _, grants := range []int{1, 100, 400} {
		b.Run(fmt.Sprintf("silent code flow/RS256/user with %d grants", grants), func(b *testing.B) {
			h.benchSilent(b, jose.RS256, 1, grants)
		})
	}
	h.benchFlows(b)
}

func (h *house) benchFlows(b *testing.B) {
	b.Helper()
	h.warmUp(b)
	for _, algorithm := range algorithms() {
		b.Run(fmt.Sprintf("silent code flow/%s", algorithm), func(b *testing.B) { h.benchSilent(b, algorithm, 1, usualGrants) })
		b.Run(fmt.Sprintf("silent code flow/%s/%d at once", algorithm, atOnce), func(b *testing.B) {
			h.benchSilent(b, algorithm, atOnce, usualGrants)
		})
	}
	for _, algorithm := range algorithms() {
		b.Run(fmt.Sprintf("refresh/%s", algorithm), func(b *testing.B) { h.benchRefresh(b, algorithm, 1) })
		b.Run(fmt.Sprintf("refresh/%s/%d at once", algorithm, atOnce), func(b *testing.B) { h.benchRefresh(b, algorithm, atOnce) })
	}
	b.Run("client_credentials", func(b *testing.B) {
		h.bench(b, flow{app: h.app(b, providertest.WebID), writes: 1, run: func(a *app) error {
			_, err := a.token(url.Values{"grant_type": {"client_credentials"}})
			return err
		}})
	})
	h.benchLookups(b)
	// Only now: go test shows no figures of a benchmark that fails.
	for _, failure := range h.exceeded {
		b.Error(failure)
	}
}

// warmUp lets the provider run for a while: the first flows of a process find
// its heap small and its connections not made.
func (h *house) warmUp(b *testing.B) {
	b.Helper()
	a := h.app(b, providertest.WebID)
	for range 10 * people {
		if _, err := a.signIn(h.cookie()); err != nil {
			b.Fatal(err)
		}
	}
}

func (h *house) benchSilent(b *testing.B, algorithm jose.SignatureAlgorithm, callers, grants int) {
	b.Helper()
	h.bench(b, flow{
		app: h.app(b, clientOf(algorithm)), algorithm: algorithm, reads: 2, writes: 2, callers: callers,
		limited: callers == 1 && grants == usualGrants,
		before:  func() { h.holdGrants(b, grants) },
		run: func(a *app) error {
			_, err := a.signIn(h.cookie())
			return err
		},
	})
}

// benchRefresh refreshes as many chains as there are people, in turn.
func (h *house) benchRefresh(b *testing.B, algorithm jose.SignatureAlgorithm, callers int) {
	b.Helper()
	ours := h.app(b, clientOf(algorithm))
	chains := make(chan string, people)
	for range people {
		issued, err := ours.signIn(h.cookies[0])
		if err != nil {
			b.Fatal(err)
		}
		chains <- issued.Refresh
	}
	h.bench(b, flow{
		app: ours, algorithm: algorithm, reads: 1, writes: 1, callers: callers, limited: callers == 1,
		run: func(a *app) error {
			presented := <-chains
			issued, err := a.refresh(presented)
			if a.base == ours.base {
				h.pass()
				presented = issued.Refresh
			}
			chains <- presented
			return err
		},
	})
}

// benchLookups is what is asked about a token, and what is the same for all.
func (h *house) benchLookups(b *testing.B) {
	b.Helper()
	a := h.app(b, providertest.WebID)
	issued, err := a.signIn(h.cookies[0])
	if err != nil {
		b.Fatal(err)
	}
	for _, lookup := range []struct {
		name  string
		reads int
		run   func(*app) error
	}{
		{"introspection", 1, func(a *app) error {
			_, err := a.post("/introspect", url.Values{"token": {issued.Access}})
			return err
		}},
		{"userinfo", 2, func(a *app) error { return a.get("/userinfo", issued.Access) }},
		{"keys", 0, func(a *app) error { return a.get("/jwks", "") }},
		{"discovery", 0, func(a *app) error { return a.get("/.well-known/openid-configuration", "") }},
	} {
		b.Run(lookup.name, func(b *testing.B) {
			h.bench(b, flow{app: a, run: lookup.run, reads: lookup.reads})
		})
	}
}
