package discovery

import (
	"net/http"

	"gatehouse/keys"
)

// JWKS serves the public keys with the lifetime after which clients must look
// again, which the ring keeps to when it rotates.
func JWKS(ring *keys.Ring) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		set := ring.PublicSet()
		serve(w, r, set.JSON, set.ETag, set.MaxAge)
	})
}
