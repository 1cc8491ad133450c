package keys_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"gatehouse/keys"
)

// BenchmarkSign signs a token; BenchmarkBareSignature is its floor.
func BenchmarkSign(b *testing.B) {
	ring := newWorld().open(b, nil)
	for _, algorithm := range keys.Algorithms() {
		b.Run(string(algorithm), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ring.Sign(algorithm, keys.TypeJWT, payload); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkBareSignature(b *testing.B) {
	sum := sha256.Sum256(payload)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		b.Fatal(err)
	}
	ecKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	floors := []struct {
		algorithm jose.SignatureAlgorithm
		sign      func() error
	}{
		{jose.RS256, func() error { _, err := rsa.SignPKCS1v15(nil, rsaKey, crypto.SHA256, sum[:]); return err }},
		{jose.ES256, func() error { _, err := ecdsa.SignASN1(rand.Reader, ecKey, sum[:]); return err }},
		{jose.PS256, func() error { _, err := rsa.SignPSS(rand.Reader, rsaKey, crypto.SHA256, sum[:], nil); return err }},
		{jose.EdDSA, func() error { ed25519.Sign(edKey, payload); return nil }},
	}
	for _, floor := range floors {
		b.Run(string(floor.algorithm), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := floor.sign(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkVerify(b *testing.B) {
	ring := newWorld().open(b, nil)
	for _, algorithm := range keys.Algorithms() {
		token := sign(b, ring, algorithm)
		b.Run(string(algorithm), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ring.Verify(b.Context(), token, keys.TypeJWT); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkPublicSet(b *testing.B) {
	ring := newWorld().open(b, nil)
	b.ReportAllocs()
	for b.Loop() {
		ring.PublicSet()
	}
}

// BenchmarkOpen reads four keys that exist, as every start but the first does.
func BenchmarkOpen(b *testing.B) {
	w := newWorld()
	w.open(b, nil)
	for b.Loop() {
		w.open(b, nil)
	}
}

func BenchmarkFirstOpen(b *testing.B) {
	for b.Loop() {
		newWorld().open(b, nil)
	}
}
