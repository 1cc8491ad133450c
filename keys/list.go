package keys

import (
	"time"

	"gatehouse/storage"
)

// Info describes a key to operators. It holds nothing secret.
type Info struct {
	ID  string `json:"kid"`
	Use Use    `json:"use"`
	// Algorithm of an encryption key names its family.
	Algorithm string           `json:"alg"`
	State     storage.KeyState `json:"state"`
	CreatedAt time.Time        `json:"created_at"`
	// ActivatedAt and RetiredAt are zero until it happened.
	ActivatedAt time.Time `json:"activated_at,omitzero"`
	RetiredAt   time.Time `json:"retired_at,omitzero"`
	// ChangesAt is when the key takes its next step by itself: is used,
	// retires, or is gone.
	ChangesAt time.Time `json:"changes_at,omitzero"`
}

// List describes every key as it was last read, in the order in which they were
// published.
func (r *Ring) List() []Info {
	keys := r.snapshot.Load().ring.Keys
	infos := make([]Info, 0, len(keys))
	l := newLifecycle(r.config, storage.KeyRing{Keys: keys}, r.config.Now())
	for _, key := range keys {
		info := Info{
			ID: key.ID, Use: useOf(key.Algorithm), Algorithm: key.Algorithm, State: key.State,
			CreatedAt: key.CreatedAt, ActivatedAt: key.ActivatedAt, RetiredAt: key.RetiredAt,
		}
		switch key.State {
		case storage.KeyNext:
			info.ChangesAt = l.activation(key)
		case storage.KeyCurrent:
			info.ChangesAt = key.ActivatedAt.Add(r.config.RotateEvery)
			if next := l.find(info.Algorithm, storage.KeyNext); next != nil {
				info.ChangesAt = l.activation(*next)
			}
		case storage.KeyRetired:
			info.ChangesAt = key.RetiredAt.Add(r.config.keep())
		}
		infos = append(infos, info)
	}
	return infos
}
