package backchannel_test

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"gatehouse/provider/session"
	"gatehouse/storage"
)

// claimsOf verifies a logout token as an app does.
func (w *world) claimsOf(t *testing.T, token string, algorithm jose.SignatureAlgorithm) map[string]any {
	t.Helper()
	payload, err := w.ring.Verify(t.Context(), token, "logout+jwt", algorithm)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]any{}
	if err := json.Unmarshal(payload, &got); err != nil {
		t.Fatal(err)
	}
	return got
}

// OpenID Connect Back-Channel Logout 1.0, sections 2.4 and 2.5.
func TestLogoutTokenHoldsExactlyThis(t *testing.T) {
	w := newWorld(t)
	w.client("app", "app.example", nil)
	d := w.node(t)
	w.end(t, "ada", d.Notify, "app")
	deliver(t, d)
	posts := w.apps.got()
	if len(posts) != 1 || posts[0].address != "https://app.example/logout" {
		t.Fatalf("posts %v", posts)
	}
	if names := slices.Collect(maps.Keys(posts[0].form)); !slices.Equal(names, []string{"logout_token"}) {
		t.Errorf("the form has %v", names)
	}
	token := posts[0].form.Get("logout_token")
	header, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[0])
	if err != nil || !strings.Contains(string(header), `"typ":"logout+jwt"`) || !strings.Contains(string(header), `"alg":"RS256"`) || !strings.Contains(string(header), `"kid":"`) {
		t.Errorf("header %s (%v)", header, err)
	}
	got := w.claimsOf(t, token, jose.RS256)
	if jti, _ := got["jti"].(string); jti == "" {
		t.Error("no jti")
	}
	now := float64(w.clock.Now().Unix())
	want := map[string]any{
		"iss": issuer, "sub": "ada", "aud": []any{"app"}, "iat": now, "exp": now + 120, "jti": got["jti"],
		"sid": session.SID("session of ada", "app"), "events": map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}
	w.empty(t)
}

// It is signed and encrypted as the client's ID tokens are, and names the user as
// they do.
func TestLogoutTokenOfAClient(t *testing.T) {
	w := newWorld(t)
	w.client("es", "es.example", func(c *storage.Client) { c.IDTokenSignedResponseAlg = "ES256" })
	w.client("pairwise", "pairwise.example", func(c *storage.Client) { c.SubjectType = "pairwise" })
	w.client("sealed", "sealed.example", func(c *storage.Client) {
		c.IDTokenEncryptedResponseAlg, c.IDTokenEncryptedResponseEnc = "RSA-OAEP", "A256GCM"
	})
	d := w.node(t)
	w.end(t, "ada", d.Notify, "es", "pairwise", "sealed")
	deliver(t, d)
	seen := 0
	for _, post := range w.apps.got() {
		token := post.form.Get("logout_token")
		switch post.address {
		case "https://es.example/logout":
			if got := w.claimsOf(t, token, jose.ES256); got["sub"] != "ada" {
				t.Errorf("sub %v", got["sub"])
			}
		case "https://pairwise.example/logout":
			got := w.claimsOf(t, token, jose.RS256)
			if sub, _ := got["sub"].(string); sub == "" || sub == "ada" {
				t.Errorf("pairwise sub %v", got["sub"])
			}
		case "https://sealed.example/logout":
			inner, ok := strings.CutPrefix(token, "encrypted to sealed by RSA-OAEP and A256GCM, JWT: ")
			if !ok {
				t.Fatalf("not encrypted: %s", token)
			}
			w.claimsOf(t, inner, jose.RS256)
		}
		seen++
	}
	if seen != 3 {
		t.Errorf("%d posts, want 3", seen)
	}
}

// The app can tell a repetition by its jti; the rest is made anew.
func TestLogoutTokenOfARepetition(t *testing.T) {
	w := newWorld(t)
	w.client("app", "app.example", nil)
	d := w.node(t)
	w.apps.reply(503, nil)
	w.end(t, "ada", d.Notify, "app")
	deliver(t, d)
	w.clock.Advance(time.Minute)
	deliver(t, d)
	posts := w.apps.got()
	if len(posts) != 2 {
		t.Fatalf("%d posts, want 2", len(posts))
	}
	first, second := w.claimsOf(t, posts[0].form.Get("logout_token"), jose.RS256), w.claimsOf(t, posts[1].form.Get("logout_token"), jose.RS256)
	if first["jti"] != second["jti"] || second["iat"] != first["iat"].(float64)+60 {
		t.Errorf("first %v, then %v", first, second)
	}
}

// A client that was told early, since whoever ended the session crashed, must not
// take the end that follows, however late, for a repetition.
func TestLogoutTokenOfALaterEnd(t *testing.T) {
	w := newWorld(t)
	w.client("app", "app.example", nil)
	d := w.node(t)
	w.end(t, "ada", d.Notify, "app")
	deliver(t, d)
	w.clock.Advance(time.Hour)
	w.end(t, "ada", d.Notify, "app")
	deliver(t, d)
	posts := w.apps.got()
	if len(posts) != 2 {
		t.Fatalf("%d posts, want 2", len(posts))
	}
	first, second := w.claimsOf(t, posts[0].form.Get("logout_token"), jose.RS256), w.claimsOf(t, posts[1].form.Get("logout_token"), jose.RS256)
	if first["jti"] == second["jti"] || first["sid"] != second["sid"] {
		t.Errorf("first %v, then %v", first, second)
	}
}
