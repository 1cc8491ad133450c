package desk_test

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

// meddling is a store that lets something else happen right before a record of a
// table is first written.
type meddling struct {
	storage.Backend
	table string
	armed atomic.Bool
	do    func()
}

func (b *meddling) Put(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if strings.HasPrefix(key, b.table) && b.armed.CompareAndSwap(true, false) {
		b.do()
	}
	return b.Backend.Put(ctx, key, value, ttl)
}

// Everything is ended between the two writes of a sign-in: the entry of the
// session is gone, and nobody could ever end the session again.
func TestEverythingEndsDuringASignIn(t *testing.T) {
	backend := &meddling{table: "session:"}
	w := newWorld(t, providertest.Options{Backend: func(b storage.Backend) storage.Backend { backend.Backend = b; return backend }})
	backend.do = func() { ok(t, w.Provider.Desk().EndUser(context.Background(), w.ada, "password reset")) }
	thief := w.NewBrowser(t)
	login := thief.Get(w.app.AuthorizationURL(nil))
	backend.armed.Store(true)
	page := thief.Password(login, ada)
	if page.Status != http.StatusOK || page.URL.Path != "/login" {
		t.Errorf("the browser rests at %s (%d)", page.URL, page.Status)
	}
	w.wantSignedIn(t, thief, false)
	for _, err := range w.Store.Sessions.All(t.Context()) {
		t.Errorf("a session outlived the end of everything (%v)", err)
	}
	// The next sign-in is good.
	w.Clock.Advance(time.Millisecond)
	thief.Through(thief.Get(w.app.AuthorizationURL(nil)), ada).Code(t)
}

func TestEverythingEndsWhileAnAppIsLetIn(t *testing.T) {
	backend := &meddling{table: "grant:"}
	w := newWorld(t, providertest.Options{Backend: func(b storage.Backend) storage.Backend { backend.Backend = b; return backend }})
	backend.do = func() { ok(t, w.Provider.Desk().EndUser(context.Background(), w.ada, "password reset")) }
	consent := w.first.Get(w.app.AuthorizationURL(map[string]string{"scope": "openid offline_access", "prompt": "consent"}))
	backend.armed.Store(true)
	w.first.Press(consent, "consent-allow", nil).WantError(t, oauth.LoginRequired)
	for record, err := range w.Store.Grants.All(t.Context()) {
		if err != nil || record.Value.Offline {
			t.Errorf("a grant outlived the end of everything (%v)", err)
		}
	}
}
