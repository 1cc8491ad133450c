package conformance

import (
	"encoding/json"
	"os"
	"testing"

	"gatehouse/e2e/stack"
	"gatehouse/provider/claims"
	"gatehouse/provider/providertest"
	"gatehouse/provider/registration"
	"gatehouse/storage"
)

// directusVariable hands a Directus over that runs already.
const directusVariable = "GATEHOUSE_CONFORMANCE_DIRECTUS"

// world is what all runs share.
type world struct {
	directus  Directus
	suite     *suite
	providers chan *providertest.Server
}

// atOnce is how many runs go on at a time. They wait for Directus mostly.
const atOnce = 4

// newWorld starts the suite's own server and as many providers as run at a time.
func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{directus: directusForTest(t), suite: newSuite(t)}
	w.providers = make(chan *providertest.Server, atOnce)
	for range atOnce {
		w.providers <- w.provider(t)
	}
	return w
}

func (w *world) provider(t *testing.T) *providertest.Server {
	t.Helper()
	return providertest.New(t, providertest.Options{
		TLS: true, SessionManagement: true, PairwiseSecret: []byte("conformance-pairwise-0123456789abcdef"),
		ClientRegistration: registration.Settings{Mode: registration.Open, LimitPerHour: 1 << 20, MaxClients: 1 << 20},
		Mapping:            claims.Mapping(Mapping()), Clients: w.suite.staticClients(t),
		Directus: providertest.RealDirectus{URL: w.directus.URL, ServiceToken: storage.Secret(w.directus.ServiceToken)},
	})
}

// take gives a run a provider of its own until it ends.
func (w *world) take(t *testing.T) *providertest.Server {
	t.Helper()
	p := <-w.providers
	t.Cleanup(func() { w.providers <- p })
	return p
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
