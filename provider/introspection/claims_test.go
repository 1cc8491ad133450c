package introspection_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/provider/claims"
	"gatehouse/provider/providertest"
	"gatehouse/storage"
	"gatehouse/storage/directus/directustest"
)

const (
	shopURI   = "https://shop.example/callback"
	mapPerson = "map@example.com"
)

// mapped are a claim for each destination, and roles.
func mapped() map[string]claims.Rule {
	return map[string]claims.Rule{
		"orders":         {From: "orders.number", Scope: "orders.read", Type: claims.List, In: []claims.Destination{claims.UserInfo, claims.AccessToken}},
		"tier":           {From: "tier", Scope: "orders.read", Default: "basic", In: []claims.Destination{claims.IDToken}},
		"roles":          {Scope: "orders.read", In: []claims.Destination{claims.AccessToken}},
		"policies":       {Scope: "orders.admin", In: []claims.Destination{claims.AccessToken}},
		"https://x.y/id": {From: "=7", Scope: "orders.read", Type: claims.Number, In: []claims.Destination{claims.AccessToken}},
	}
}

func shops(format string) storage.Client {
	return storage.Client{
		ID: "shop-" + format, SecretDigests: providertest.Digests(providertest.WebSecret), RedirectURIs: []string{shopURI}, FirstParty: true,
		GrantTypes: []string{"authorization_code", "refresh_token"}, AccessTokenFormat: format, Scope: "openid orders.read orders.admin profile",
	}
}

func startMapped(t *testing.T) *providertest.Server {
	t.Helper()
	s := providertest.New(t, providertest.Options{Rules: mapped(), Clients: []storage.Client{shops("opaque"), shops("jwt")}})
	staff := s.Directus.AddRole(directustest.Role{Name: "Staff"})
	s.Directus.AddUser(directustest.User{
		Email: mapPerson, Password: providertest.Password, FirstName: "Ada", LastName: "Lovelace",
		Fields: map[string]any{"role": staff, "tier": nil, "orders": map[string]any{"number": []any{"A1", "A2"}}},
	})
	return s
}

// Claims go where the configuration sends them, and nowhere else.
func TestClaimsGoWhereTheyBelong(t *testing.T) {
	s := startMapped(t)
	for _, format := range []string{"opaque", "jwt"} {
		t.Run(format, func(t *testing.T) {
			rp := s.RelyingParty(t, "shop-"+format, providertest.WebSecret, shopURI)
			set := rp.Exchange(s.NewBrowser(t).SignIn(rp, mapPerson, map[string]string{"scope": "openid orders.read"})).WantOK(t)
			want := map[string]any{"orders": []any{"A1", "A2"}, "roles": []any{"Staff"}, "https://x.y/id": float64(7)}
			names := []string{"orders", "roles", "tier", "policies", "https://x.y/id", "name"}
			if diff := cmp.Diff(want, pick(rp.Post("/introspect", map[string][]string{"token": {set.Text("access_token")}}).WantOK(t).JSON, names)); diff != "" {
				t.Errorf("introspection: %s", diff)
			}
			if format == "jwt" {
				at := s.Verify(t, set.Text("access_token"))
				if diff := cmp.Diff(want, pick(at.Claims, names)); diff != "" {
					t.Errorf("access token: %s", diff)
				}
				if at.Claims["iss"] != s.Issuer || at.Claims["client_id"] != "shop-jwt" || at.Claims["scope"] != "openid orders.read" {
					t.Errorf("claims of the protocol: %v", at.Claims)
				}
			}
			if diff := cmp.Diff(map[string]any{"tier": "basic"}, pick(s.Verify(t, set.Text("id_token")).Claims, names)); diff != "" {
				t.Errorf("ID token: %s", diff)
			}
			if diff := cmp.Diff(map[string]any{"orders": []any{"A1", "A2"}}, pick(s.UserInfo(t, set.Text("access_token")).WantOK(t).JSON, names)); diff != "" {
				t.Errorf("userinfo: %s", diff)
			}
		})
	}
}

func pick(from map[string]any, names []string) map[string]any {
	picked := map[string]any{}
	for _, name := range names {
		if value, ok := from[name]; ok {
			picked[name] = value
		}
	}
	return picked
}

// Without the scopes nothing is told, and nobody is asked about roles.
func TestClaimsNeedTheirScope(t *testing.T) {
	s := startMapped(t)
	rp := s.RelyingParty(t, "shop-jwt", providertest.WebSecret, shopURI)
	set := rp.Exchange(s.NewBrowser(t).SignIn(rp, mapPerson, map[string]string{"scope": "openid"})).WantOK(t)
	answer := rp.Post("/introspect", map[string][]string{"token": {set.Text("access_token")}}).WantOK(t)
	for _, claims := range []map[string]any{answer.JSON, s.Verify(t, set.Text("access_token")).Claims, s.UserInfo(t, set.Text("access_token")).WantOK(t).JSON} {
		if got := pick(claims, []string{"orders", "roles", "tier"}); len(got) != 0 {
			t.Errorf("without the scope: %v", got)
		}
	}
	if calls := s.Directus.Calls("/roles") + s.Directus.Calls("/access"); calls != 0 {
		t.Errorf("%d requests about roles that no claim needs", calls)
	}
}

// Policies that cannot be read are no empty list, and cost no refresh token.
func TestPoliciesThatCannotBeRead(t *testing.T) {
	s := startMapped(t)
	rp := s.RelyingParty(t, "shop-jwt", providertest.WebSecret, shopURI)
	code := s.NewBrowser(t).SignIn(rp, mapPerson, map[string]string{"scope": "openid orders.admin"})
	if refused := rp.Exchange(code); refused.Status < http.StatusInternalServerError {
		t.Fatalf("%d %s", refused.Status, refused.Raw)
	}
	s.Directus.LetRead("directus_access", "directus_policies")
	set := rp.Exchange(code).WantOK(t)
	if strings.Contains(set.Text("scope"), "orders.read") {
		t.Errorf("scope %s", set.Text("scope"))
	}
}

// Discovery names what clients can ask for.
func TestDiscoveryNamesScopesAndClaimsOfTheMap(t *testing.T) {
	s := startMapped(t)
	document := s.Send(t, http.MethodGet, "/.well-known/openid-configuration", nil, nil).WantOK(t).JSON
	for key, want := range map[string][]string{"scopes_supported": {"orders.read", "orders.admin"}, "claims_supported": {"orders", "tier"}} {
		listed, _ := document[key].([]any)
		for _, name := range want {
			if !contains(listed, name) {
				t.Errorf("%s lacks %s: %v", key, name, listed)
			}
		}
	}
	if listed, _ := document["claims_supported"].([]any); contains(listed, "roles") {
		t.Errorf("a claim that goes into access tokens alone can be asked for: %v", listed)
	}
}

func contains(list []any, name string) bool {
	for _, entry := range list {
		if entry == name {
			return true
		}
	}
	return false
}

// A client may ask by name for a claim whose scope it may ask for (OpenID Connect
// Core 1.0, section 5.5), and not for one of access tokens.
func TestMappedClaimsByName(t *testing.T) {
	s := startMapped(t)
	rp := s.RelyingParty(t, "shop-jwt", providertest.WebSecret, shopURI)
	set := rp.Exchange(s.NewBrowser(t).SignIn(rp, mapPerson, map[string]string{
		"scope": "openid", "claims": `{"id_token":{"orders":null,"roles":null},"userinfo":{"tier":null}}`,
	})).WantOK(t)
	if diff := cmp.Diff(map[string]any{"orders": []any{"A1", "A2"}}, pick(s.Verify(t, set.Text("id_token")).Claims, []string{"orders", "roles", "tier"})); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]any{"tier": "basic"}, pick(s.UserInfo(t, set.Text("access_token")).WantOK(t).JSON, []string{"orders", "roles", "tier"})); diff != "" {
		t.Error(diff)
	}
	web := s.Web(t) // may not ask for the scope
	other := web.Exchange(s.NewBrowser(t).SignIn(web, mapPerson, map[string]string{"scope": "openid", "claims": `{"id_token":{"orders":null}}`})).WantOK(t)
	if _, ok := s.Verify(t, other.Text("id_token")).Claims["orders"]; ok {
		t.Error("a claim went to a client that may not have its scope")
	}
}
