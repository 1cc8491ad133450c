package keys

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"

	"gatehouse/storage"
)

// What a Config takes where it says nothing.
const (
	DefaultRotateEvery  = 90 * 24 * time.Hour
	DefaultPublishAhead = time.Hour
	DefaultRetireAfter  = 24 * time.Hour
	DefaultReloadEvery  = 30 * time.Second
)

// ringName is the name of the one record of the table.
const ringName = "ring"

// Config is what a Ring needs. Rings and Now are required; every node of an
// issuer has the same settings.
type Config struct {
	Rings *storage.Table[storage.KeyRing]
	// Algorithms that tokens can be signed with, RS256 added in front if it is
	// missing (OIDC Core, section 15.1). Nil means every algorithm there is.
	Algorithms []jose.SignatureAlgorithm
	// EncryptionAlgorithms are those by which others may encrypt to the issuer.
	// Nil means DefaultEncryptionAlgorithms; none if empty.
	EncryptionAlgorithms []jose.KeyAlgorithm
	// RotateEvery is how long a key is used.
	RotateEvery time.Duration
	// PublishAhead is how long relying parties may cache the JWKS, and so how
	// long a key is published before it signs.
	PublishAhead time.Duration
	// RetireAfter is the longest lifetime of a signed token, and of what was
	// encrypted to a key.
	RetireAfter time.Duration
	// ReloadEvery is the interval at which Tick is to be called.
	ReloadEvery time.Duration
	// Now is the clock.
	Now func() time.Time
	// Random is a cryptographic source; nil means crypto/rand. The standard
	// library generates keys from its own secure source whatever this is.
	Random io.Reader
	// Logger tells of steps and failures; nil means none.
	Logger *slog.Logger
	// Changed is called once, on the node that took it, for every step of a
	// key. It may be nil.
	Changed func(context.Context, Change)
}

// Algorithms lists every algorithm the package can sign with, preferred first.
func Algorithms() []jose.SignatureAlgorithm {
	return []jose.SignatureAlgorithm{jose.RS256, jose.ES256, jose.PS256, jose.EdDSA}
}

func (c Config) withDefaults() (Config, error) {
	if c.Rings == nil {
		return c, errors.New("key ring without store")
	}
	if c.Now == nil {
		return c, errors.New("key ring without clock")
	}
	setDefault(&c.RotateEvery, DefaultRotateEvery)
	setDefault(&c.PublishAhead, DefaultPublishAhead)
	setDefault(&c.RetireAfter, DefaultRetireAfter)
	setDefault(&c.ReloadEvery, DefaultReloadEvery)
	if c.Random == nil {
		c.Random = rand.Reader
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Changed == nil {
		c.Changed = func(context.Context, Change) {}
	}
	if c.RotateEvery <= c.settle() {
		return c, fmt.Errorf("keys rotate every %v, which is not longer than the %v they are published ahead", c.RotateEvery, c.settle())
	}
	var err error
	if c.Algorithms, err = completeAlgorithms(c.Algorithms); err != nil {
		return c, err
	}
	c.EncryptionAlgorithms, err = completeEncryption(c.EncryptionAlgorithms)
	return c, err
}

func setDefault(d *time.Duration, value time.Duration) {
	if *d <= 0 {
		*d = value
	}
}

func completeAlgorithms(asked []jose.SignatureAlgorithm) ([]jose.SignatureAlgorithm, error) {
	if asked == nil {
		return Algorithms(), nil
	}
	complete := []jose.SignatureAlgorithm{jose.RS256}
	for _, algorithm := range asked {
		if !slices.Contains(Algorithms(), algorithm) {
			return nil, fmt.Errorf("signing algorithm %q is not one of %v", algorithm, Algorithms())
		}
		if !slices.Contains(complete, algorithm) {
			complete = append(complete, algorithm)
		}
	}
	return complete, nil
}

// settle is how long after its creation a key may sign. Another node may serve a
// JWKS without it for one more reload, and its clock may be off: hence two.
func (c Config) settle() time.Duration { return c.PublishAhead + c.spread() }

// spread is how long it may take until every node has read a change.
func (c Config) spread() time.Duration { return 2 * c.ReloadEvery }

// wait is how long after its creation a key may be used. An encryption key is not
// published before, so that it only has to reach every node.
func (c Config) wait(algorithm string) time.Duration {
	if useOf(algorithm) == UseEncryption {
		return c.spread()
	}
	return c.settle()
}

// keyAlgorithms names the keys that the ring is to have.
func (c Config) keyAlgorithms() []string {
	var names []string
	for _, algorithm := range c.Algorithms {
		names = append(names, string(algorithm))
	}
	for _, algorithm := range c.EncryptionAlgorithms {
		if kind := kindOf(algorithm); !slices.Contains(names, kind) {
			names = append(names, kind)
		}
	}
	return names
}

// keep is how long a retired signing key stays published, and a retired encryption
// key is kept: who cached a JWKS goes on encrypting to it, for PublishAhead. A node that has not seen the
// retirement yet goes on signing, so the slack of settle is added here too.
func (c Config) keep() time.Duration { return c.RetireAfter + c.settle() }
