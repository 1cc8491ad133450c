package clientauth_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"

	"gatehouse/provider/oauth"
)

func TestAssertionReplay(t *testing.T) {
	const used = "client_assertion was used before: every request needs a new jti"
	w, key := newWorld(t), newKey(t, "k")
	w.withKeys(t, key)
	w.clients["app2"] = w.clients["app"]
	text := key.sign(t, w.claims(nil))

	// A stranger's attempt does not use the id up.
	w.wantRefused(t, assertion(newKey(t, "k").sign(t, w.claims(nil))), failed)
	w.wantAccepted(t, assertion(text), "app", oidc.AuthMethodPrivateKeyJWT)
	w.wantRefused(t, assertion(text), used)

	t.Run("to the last moment it would hold", func(t *testing.T) {
		w.advance(time.Minute + 9*time.Second)
		w.wantRefused(t, assertion(text), used)
		w.advance(time.Second)
		w.wantRefused(t, assertion(text), "client_assertion has expired")
	})
	t.Run("same jti of another client", func(t *testing.T) {
		claims := map[string]any{"jti": "shared"}
		w.wantAccepted(t, assertion(key.sign(t, w.claims(claims))), "app", oidc.AuthMethodPrivateKeyJWT)
		claims["iss"], claims["sub"] = "app2", "app2"
		client := w.clients["app2"]
		client.ID = "app2"
		w.clients["app2"] = client
		w.wantAccepted(t, assertion(key.sign(t, w.claims(claims))), "app2", oidc.AuthMethodPrivateKeyJWT)
	})
	t.Run("at the same time", func(t *testing.T) {
		sent := assertion(key.sign(t, w.claims(map[string]any{"jti": "race"})))
		var group sync.WaitGroup
		results := make(chan error, 32)
		for range cap(results) {
			group.Go(func() {
				_, _, err := w.authenticate(sent)
				results <- err
			})
		}
		group.Wait()
		close(results)
		accepted := 0
		for err := range results {
			var refusal *oauth.Error
			switch {
			case err == nil:
				accepted++
			case !errors.As(err, &refusal) || refusal.Description != used:
				t.Error(err)
			}
		}
		if accepted != 1 {
			t.Errorf("accepted %d times", accepted)
		}
	})
}
