package bolt

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"gatehouse/storage"
)

// What goes over the socket: one POST to "/<method>" for each call, with a JSON
// call and a JSON reply. Keys and values are bytes (base64), as a JSON string
// cannot carry every one. Only one version of the program speaks to itself, so
// there is no other versioning than the one in the path.
const (
	pathPrefix = "/v1/"
	// maxCall bounds what the server reads of one call.
	maxCall = 64 << 20
)

type call struct {
	Keys  [][]byte      `json:"keys,omitempty"`
	Key   []byte        `json:"key,omitempty"`
	Value []byte        `json:"value,omitempty"`
	Old   []byte        `json:"old,omitempty"`
	TTL   time.Duration `json:"ttl,omitempty"`
}

// reply is the answer to a call. A listing has many, each with some keys; the
// last one has End, without which the listing was cut off.
type reply struct {
	Error  string   `json:"error,omitempty"`
	Detail string   `json:"detail,omitempty"`
	Values [][]byte `json:"values,omitempty"`
	Keys   [][]byte `json:"keys,omitempty"`
	End    bool     `json:"end,omitempty"`
}

// errorNames are the errors that callers tell apart, and how they travel.
func errorNames() []errorName {
	return []errorName{
		{"not_found", storage.ErrNotFound},
		{"exists", storage.ErrExists},
		{"conflict", storage.ErrConflict},
	}
}

type errorName struct {
	name string
	err  error
}

const otherError = "other"

func failed(err error) reply {
	for _, each := range errorNames() {
		if errors.Is(err, each.err) {
			return reply{Error: each.name}
		}
	}
	return reply{Error: otherError, Detail: err.Error()}
}

func (r reply) err() error {
	if r.Error == "" {
		return nil
	}
	for _, each := range errorNames() {
		if r.Error == each.name {
			return each.err
		}
	}
	return errors.New(r.Detail)
}

func writeReply(w http.ResponseWriter, answer reply) {
	w.Header().Set("Content-Type", "application/json")
	// An error means that the caller is gone.
	_ = json.NewEncoder(w).Encode(answer)
}

func toBytes(keys []string) [][]byte {
	all := make([][]byte, len(keys))
	for i, key := range keys {
		all[i] = []byte(key)
	}
	return all
}

func toStrings(keys [][]byte) []string {
	all := make([]string, len(keys))
	for i, key := range keys {
		all[i] = string(key)
	}
	return all
}
