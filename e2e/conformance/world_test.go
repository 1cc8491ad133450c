package conformance

import (
	"encoding/json"
	"os"
	"sync"
	"testing"
	"time"

	"gatehouse/e2e/stack"
	"gatehouse/provider/claims"
	"gatehouse/provider/providertest"
	"gatehouse/provider/registration"
)

// directusVariable hands a Directus over that runs already.
const directusVariable = "GATEHOUSE_CONFORMANCE_DIRECTUS"

// atOnce is how many runs go on at a time. They wait for Directus mostly.
const atOnce = 4

// world is what all runs share.
type world struct {
	t        *testing.T
	directus Directus
	suite    *suite
	// slots are the runs under way, and free the providers that none of them has.
	slots chan struct{}
	mu    sync.Mutex
	free  []*providertest.Server
}

// newWorld starts the suite's own server. Providers start when they are needed,
// so that one run by itself is quick.
func newWorld(t *testing.T) *world {
	t.Helper()
	return &world{t: t, directus: directusForTest(t), suite: newSuite(t), slots: make(chan struct{}, atOnce)}
}

// take gives a run a provider of its own until it ends.
func (w *world) take(t *testing.T) *providertest.Server {
	t.Helper()
	w.slots <- struct{}{}
	w.mu.Lock()
	defer w.mu.Unlock()
	var p *providertest.Server
	if last := len(w.free) - 1; last >= 0 {
		p, w.free = w.free[last], w.free[:last]
	} else {
		p = w.provider()
	}
	// One network must not start too many sign-ins at once.
	p.Clock.Advance(time.Second)
	t.Cleanup(func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.free = append(w.free, p)
		<-w.slots
	})
	return p
}

// provider starts one that lasts for all runs.
func (w *world) provider() *providertest.Server {
	w.t.Helper()
	return providertest.New(w.t, providertest.Options{
		TLS: true, SessionManagement: true, PairwiseSecret: []byte("conformance-pairwise-0123456789abcdef"),
		ClientRegistration: registration.Settings{Mode: registration.Open, LimitPerHour: 1 << 20, MaxClients: 1 << 20},
		Mapping:            claims.Mapping(Mapping()), Clients: w.suite.staticClients(w.t),
		Directus: providertest.RealDirectus{URL: w.directus.URL, Prepare: w.directus.prepare},
	})
}

// directusForTest is the Directus of the variable, or one of our own.
func directusForTest(t *testing.T) Directus {
	t.Helper()
	if given := os.Getenv(directusVariable); given != "" {
		var prepared Directus
		if err := json.Unmarshal([]byte(given), &prepared); err != nil {
			t.Fatalf("%s: %v", directusVariable, err)
		}
		return prepared
	}
	prepared, err := Prepare(t.Context(), stack.DirectusForTest(t, Options()))
	if err != nil {
		t.Fatal(err)
	}
	return prepared
}
