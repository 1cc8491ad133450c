//go:build unix

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
func (w *world) bench(b *testing.B, m *machine, f flow) {
	b.Helper()
	bare := f.app.at(bareHandlers(b, f.app, f.run))
	if f.before == nil {
		f.before = func() {}
	}
	ours, floor := compare(b, sides{
		callers: f.callers,
		before:  f.before,
		asked:   func() (int, int) { return int(w.trips.count.Load()), w.server.Directus.Calls("/users") },
		ours:    func() error { return f.run(f.app) },
		floor: func() error {
			if err := f.run(bare); err != nil {
				return err
			}
			return m.spend(f.algorithm, f.reads, f.writes)
		},
	})
	ratio := float64(ours.perOperation()) / float64(floor.perOperation())
	b.ReportMetric(microseconds(ours.perOperation()), "cpu-µs/op")
	b.ReportMetric(microseconds(floor.perOperation()), "floor-µs/op")
	b.ReportMetric(ratio, "x-floor")
	b.ReportMetric(float64(ours.trips)/float64(b.N), "redis/op")
	b.ReportMetric(float64(ours.looks)/float64(b.N), "directus/op")
	b.ReportMetric(microseconds(ours.percentile(0.5)), "p50-µs")
	b.ReportMetric(microseconds(ours.percentile(0.99)), "p99-µs")
	if most := limit(f.algorithm); f.limited && b.N >= enough && ratio > most {
		w.exceeded = append(w.exceeded, fmt.Sprintf("%s: %.2f times the floor, more than %.1f", b.Name(), ratio, most))
	}
}

// BenchmarkFlows runs everything over one Redis and one provider.
func BenchmarkFlows(b *testing.B) {
	w := newWorld(b)
	m := newMachine(b, w.address)
	for _, algorithm := range algorithms() {
		b.Run(fmt.Sprintf("silent code flow/%s", algorithm), func(b *testing.B) { w.benchSilent(b, m, algorithm, 1, usualGrants) })
		b.Run(fmt.Sprintf("silent code flow/%s/%d at once", algorithm, atOnce), func(b *testing.B) {
			w.benchSilent(b, m, algorithm, atOnce, usualGrants)
		})
	}
	for _, grants := range []int{1, 100, 400} {
		b.Run(fmt.Sprintf("silent code flow/RS256/user with %d grants", grants), func(b *testing.B) {
			w.benchSilent(b, m, jose.RS256, 1, grants)
		})
	}
	for _, algorithm := range algorithms() {
		b.Run(fmt.Sprintf("refresh/%s", algorithm), func(b *testing.B) { w.benchRefresh(b, m, algorithm, 1) })
		b.Run(fmt.Sprintf("refresh/%s/%d at once", algorithm, atOnce), func(b *testing.B) { w.benchRefresh(b, m, algorithm, atOnce) })
	}
	b.Run("client_credentials", func(b *testing.B) {
		w.bench(b, m, flow{app: w.app(b, providertest.WebID), writes: 1, run: func(a *app) error {
			_, err := a.token(url.Values{"grant_type": {"client_credentials"}})
			return err
		}})
	})
	w.benchLookups(b, m)
	// Only now: go test shows no figures of a benchmark that fails.
	for _, failure := range w.exceeded {
		b.Error(failure)
	}
}

func (w *world) benchSilent(b *testing.B, m *machine, algorithm jose.SignatureAlgorithm, callers, grants int) {
	b.Helper()
	w.bench(b, m, flow{
		app: w.app(b, clientOf(algorithm)), algorithm: algorithm, reads: 2, writes: 2, callers: callers,
		limited: callers == 1 && grants == usualGrants,
		before:  func() { w.holdGrants(b, grants) },
		run: func(a *app) error {
			_, err := a.signIn(w.cookie())
			return err
		},
	})
}

// benchRefresh moves the clock as it runs, so that each chain is refreshed again
// after two replay windows, as by an app, and not in the same instant.
func (w *world) benchRefresh(b *testing.B, m *machine, algorithm jose.SignatureAlgorithm, callers int) {
	b.Helper()
	ours := w.app(b, clientOf(algorithm))
	chains := make(chan string, people)
	for range people {
		issued, err := ours.signIn(w.cookies[0])
		if err != nil {
			b.Fatal(err)
		}
		chains <- issued.Refresh
	}
	w.bench(b, m, flow{
		app: ours, algorithm: algorithm, reads: 1, writes: 1, callers: callers, limited: callers == 1,
		run: func(a *app) error {
			presented := <-chains
			issued, err := a.refresh(presented)
			if a.base == ours.base {
				w.server.Clock.Advance(2 * providertest.ReplayWindow / people)
				presented = issued.Refresh
			}
			chains <- presented
			return err
		},
	})
}

// benchLookups is what is asked about a token, and what is the same for all.
func (w *world) benchLookups(b *testing.B, m *machine) {
	b.Helper()
	a := w.app(b, providertest.WebID)
	issued, err := a.signIn(w.cookies[0])
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
		{"userinfo", 1, func(a *app) error { return a.get("/userinfo", issued.Access) }},
		{"keys", 0, func(a *app) error { return a.get("/jwks", "") }},
		{"discovery", 0, func(a *app) error { return a.get("/.well-known/openid-configuration", "") }},
	} {
		b.Run(lookup.name, func(b *testing.B) {
			w.bench(b, m, flow{app: a, run: lookup.run, reads: lookup.reads})
		})
	}
}
