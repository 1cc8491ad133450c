package keys

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"

	"gatehouse/storage"
)

// snapshot is the ring as it was read, prepared for use. It never changes.
type snapshot struct {
	ring     storage.KeyRing
	loadedAt time.Time
	// byID and current are the signing keys, decrypters the encryption keys by
	// id: neither is ever looked for among the others.
	byID       map[string]*signer
	current    map[jose.SignatureAlgorithm]*signer
	decrypters map[string]*decrypter
	set        []byte
	etag       string
}

// newSnapshot parses the keys that the previous snapshot does not have yet.
func newSnapshot(ring storage.KeyRing, config Config, previous *snapshot, loadedAt time.Time) (*snapshot, error) {
	s := &snapshot{
		ring:       ring,
		loadedAt:   loadedAt,
		byID:       make(map[string]*signer, len(ring.Keys)),
		current:    make(map[jose.SignatureAlgorithm]*signer, len(ring.Keys)),
		decrypters: make(map[string]*decrypter, len(ring.Keys)),
	}
	for _, key := range ring.Keys {
		if useOf(key.Algorithm) == UseEncryption {
			if err := s.addDecrypter(key, config, previous); err != nil {
				return nil, err
			}
			continue
		}
		prepared := previous.find(key)
		if prepared == nil {
			var err error
			if prepared, err = newSigner(key); err != nil {
				return nil, err
			}
		}
		s.byID[key.ID] = prepared
		if key.State == storage.KeyCurrent {
			s.current[prepared.algorithm] = prepared
		}
	}
	return s, s.publish()
}

func (s *snapshot) addDecrypter(key storage.RingKey, config Config, previous *snapshot) error {
	if previous != nil && previous.decrypters[key.ID] != nil {
		s.decrypters[key.ID] = previous.decrypters[key.ID]
		return nil
	}
	prepared, err := newDecrypter(key, config)
	if err == nil {
		s.decrypters[key.ID] = prepared
	}
	return err
}

// decryptersOf lists the keys of a kind, newest first.
func (s *snapshot) decryptersOf(kind string) []*decrypter {
	var found []*decrypter
	for _, key := range slices.Backward(s.ring.Keys) {
		if key.Algorithm == kind {
			found = append(found, s.decrypters[key.ID])
		}
	}
	return found
}

func (s *snapshot) find(key storage.RingKey) *signer {
	if s == nil {
		return nil
	}
	if known := s.byID[key.ID]; known != nil && string(known.algorithm) == key.Algorithm {
		return known
	}
	return nil
}

// publish builds the JWKS. Signing keys come before others, current ones first,
// RS256 before all: there are relying parties that take the first key they see. Of
// the encryption keys of a kind only the current one is published, or it would be
// anybody's guess to which of them to encrypt.
func (s *snapshot) publish() error {
	ordered := slices.Clone(s.ring.Keys)
	slices.SortStableFunc(ordered, func(a, b storage.RingKey) int {
		return cmp.Or(
			cmp.Compare(usePlace(a.Algorithm), usePlace(b.Algorithm)),
			cmp.Compare(statePlace(a.State), statePlace(b.State)),
			cmp.Compare(algorithmPlace(a.Algorithm), algorithmPlace(b.Algorithm)),
		)
	})
	set := jose.JSONWebKeySet{Keys: make([]jose.JSONWebKey, 0, len(ordered))}
	for _, key := range ordered {
		switch {
		case useOf(key.Algorithm) == UseSignature:
			set.Keys = append(set.Keys, s.byID[key.ID].public)
		case key.State == storage.KeyCurrent:
			set.Keys = append(set.Keys, s.decrypters[key.ID].public)
		}
	}
	body, err := json.Marshal(set)
	if err != nil {
		return fmt.Errorf("encode JWKS: %w", err)
	}
	sum := sha256.Sum256(body)
	s.set, s.etag = body, `"`+base64.RawURLEncoding.EncodeToString(sum[:16])+`"`
	return nil
}

func statePlace(state storage.KeyState) int {
	return slices.Index([]storage.KeyState{storage.KeyCurrent, storage.KeyNext, storage.KeyRetired}, state)
}

func algorithmPlace(algorithm string) int {
	return slices.Index(managed(), algorithm)
}

func usePlace(algorithm string) int {
	return slices.Index([]Use{UseSignature, UseEncryption}, useOf(algorithm))
}
