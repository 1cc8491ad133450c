package keys_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"gatehouse/keys"
)

// simulation is a run of several nodes and of relying parties that cache what
// they were served.
type simulation struct {
	*world
	random *rand.Rand
	nodes  []*node
	cached []cachedSet
	tokens []issuedToken
	seen   map[string]bool // key ids that signed
	parsed map[string]jose.JSONWebKeySet
}

type node struct {
	ring  *keys.Ring
	ticks time.Time // when it ticks next
}

// cachedSet is a JWKS that a relying party may use until the given time.
type cachedSet struct {
	set   jose.JSONWebKeySet
	until time.Time
}

type issuedToken struct {
	keyID   string
	expires time.Time
}

const tokenLifetime = 2 * time.Hour

// TestCachedSetVerifiesEveryToken plays weeks of rotations, by time and by
// command, on three nodes that tick when it suits them and lose the store now and
// then. Whatever JWKS a relying party fetched, from whichever node, and cached for
// as long as it was allowed to, knows the key of every token that any node signs
// until then; and a token's key is published until the token expires.
func TestCachedSetVerifiesEveryToken(t *testing.T) {
	for seed := range uint64(3) {
		s := newSimulation(t, seed)
		for range 3000 {
			s.step(t)
		}
		if len(s.seen) < 5 {
			t.Errorf("seed %d: only %d keys ever signed", seed, len(s.seen))
		}
	}
}

func newSimulation(t *testing.T, seed uint64) *simulation {
	t.Helper()
	s := &simulation{world: newWorld(), random: rand.New(rand.NewPCG(seed, 1)), seen: map[string]bool{}, parsed: map[string]jose.JSONWebKeySet{}}
	for range 3 {
		ring := s.open(t, func(config *keys.Config) {
			es256(config)
			config.RotateEvery = 3 * day
			config.RetireAfter = tokenLifetime
		})
		s.nodes = append(s.nodes, &node{ring: ring})
	}
	return s
}

func (s *simulation) anyNode() *keys.Ring { return s.nodes[s.random.IntN(len(s.nodes))].ring }

func (s *simulation) step(t *testing.T) {
	t.Helper()
	s.clock.Advance(time.Duration(s.random.Int64N(int64(10 * time.Minute))))
	now := s.clock.Now()
	for _, n := range s.nodes {
		// A node cannot reach the store for up to 40 minutes, at times.
		if !now.Before(n.ticks) {
			tick(t, n.ring)
			n.ticks = now.Add(keys.DefaultReloadEvery)
			if s.random.IntN(20) == 0 {
				n.ticks = now.Add(time.Duration(s.random.Int64N(int64(40 * time.Minute))))
			}
		}
	}
	if s.random.IntN(100) == 0 {
		if _, err := s.anyNode().Rotate(t.Context(), false, string(jose.ES256)); err != nil {
			t.Fatal(err)
		}
	}
	s.sign(t, now)
	s.fetch(t, now)
}

// sign lets a node issue a token, which every set cached now must verify.
func (s *simulation) sign(t *testing.T, now time.Time) {
	t.Helper()
	id := keyIDOf(t, sign(t, s.anyNode(), jose.ES256))
	s.seen[id] = true
	s.tokens = append(s.tokens, issuedToken{id, now.Add(tokenLifetime)})
	var kept []cachedSet
	for _, cached := range s.cached {
		if now.After(cached.until) {
			continue
		}
		kept = append(kept, cached)
		s.mustKnow(t, cached.set, id)
	}
	s.cached = kept
}

// fetch lets a relying party read a set, which must verify every live token.
func (s *simulation) fetch(t *testing.T, now time.Time) {
	t.Helper()
	ring := s.anyNode()
	served := ring.PublicSet()
	if _, ok := s.parsed[served.ETag]; !ok {
		s.parsed[served.ETag] = publicSet(t, ring)
	}
	cached := cachedSet{s.parsed[served.ETag], now.Add(served.MaxAge)}
	var live []issuedToken
	for _, issued := range s.tokens {
		if now.After(issued.expires) {
			continue
		}
		live = append(live, issued)
		s.mustKnow(t, cached.set, issued.keyID)
	}
	s.tokens = live
	s.cached = append(s.cached, cached)
}

func (s *simulation) mustKnow(t *testing.T, set jose.JSONWebKeySet, keyID string) {
	t.Helper()
	if len(set.Key(keyID)) != 1 {
		t.Fatalf("at %v a set that may be used does not hold the key of a live token", s.clock.Now())
	}
}

func keyIDOf(t *testing.T, token string) string {
	t.Helper()
	jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		t.Fatal(err)
	}
	return jws.Signatures[0].Protected.KeyID
}
