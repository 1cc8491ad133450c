package grant_test

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/provider/oauth"
	"gatehouse/provider/providertest"
	"gatehouse/storage"
)

// revoking is a store in which somebody else deletes a grant between the reading
// and the writing of it, while it is on.
type revoking struct {
	storage.Backend
	on atomic.Bool
}

func (b *revoking) Swap(ctx context.Context, key string, old, value []byte, ttl time.Duration) error {
	if b.on.Load() && strings.HasPrefix(key, "grant:") {
		if err := b.Delete(ctx, key); err != nil {
			return err
		}
	}
	return b.Backend.Swap(ctx, key, old, value, ttl)
}

// A grant that is revoked while it is being used is gone, which is no fault of
// ours: a code that comes many times at once is revoked by those that lose.
func TestGrantRevokedMeanwhile(t *testing.T) {
	backend := &revoking{}
	s := providertest.New(t, providertest.Options{Backend: func(b storage.Backend) storage.Backend {
		backend.Backend = b
		return backend
	}})
	s.AddUser(ada)
	rp, browser := s.Web(t), s.NewBrowser(t)
	tokens := rp.Exchange(browser.SignIn(rp, ada, nil)).WantOK(t)
	code := browser.SignIn(rp, ada, nil)
	backend.on.Store(true)
	rp.Exchange(code).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
	rp.Refresh(tokens.Text("refresh_token")).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
}
