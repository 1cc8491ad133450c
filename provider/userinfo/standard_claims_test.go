package userinfo_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/provider/claims"
	"gatehouse/provider/providertest"
	"gatehouse/storage/directus/directustest"
)

// standardClaims are all of OpenID Connect Core 1.0, section 5.1, as the user below
// has them.
func standardClaims() map[string]any {
	return map[string]any{
		"name": "Ada Lovelace", "given_name": "Ada", "family_name": "Lovelace", "middle_name": "King", "nickname": "ada",
		"preferred_username": "ada.lovelace", "profile": "https://people.example/42", "picture": "https://directus.example/assets/7f",
		"website": "https://ada.example/", "gender": "female", "birthdate": "1815-12-10", "zoneinfo": "Europe/London",
		"locale": "en-GB", "updated_at": float64(1704164645),
		"email": ada, "email_verified": true, "phone_number": "+44 20 7946 0000", "phone_number_verified": true,
		"address": map[string]any{
			"formatted": "12 St James's Square\nLondon SW1Y 4JH", "street_address": "12 St James's Square", "locality": "London",
			"region": "Greater London", "postal_code": "SW1Y 4JH", "country": "United Kingdom",
		},
	}
}

// everyStandardClaim maps them from what a project may have: columns of several
// types, templates, and what is the same for everybody.
func everyStandardClaim() claims.Mapping {
	return claims.Mapping{
		"name": "{first_name} {last_name}", "given_name": "first_name", "family_name": "last_name", "middle_name": "middle",
		"nickname": "nick", "preferred_username": "{nick}.lovelace", "profile": "https://people.example/{number}",
		"picture": "https://directus.example/assets/{portrait}", "website": "site", "gender": "gender", "birthdate": "born",
		"zoneinfo": "=Europe/London", "locale": "language", "updated_at": "changed", "email": "email", "email_verified": "=true",
		"phone_number": "phone", "phone_number_verified": "phone_ok", "address.formatted": "{street}\n{city} {code}",
		"address.street_address": "street", "address.locality": "city", "address.region": "=Greater London",
		"address.postal_code": "code", "address.country": "=United Kingdom",
	}
}

func addAda(s *providertest.Server, changed any) {
	s.Directus.AddUser(directustest.User{
		Email: ada, Password: providertest.Password, FirstName: "Ada", LastName: "Lovelace",
		Fields: map[string]any{
			"middle": "King", "nick": "ada", "number": 42, "portrait": "7f", "site": "https://ada.example/", "gender": "female",
			"born": "1815-12-10T00:00:00", "language": "en-GB", "changed": changed, "phone": "+44 20 7946 0000", "phone_ok": "1",
			"street": "12 St James's Square", "city": "London", "code": "SW1Y 4JH",
		},
	})
}

// Whatever the columns are like, every standard claim can be told, in its own type.
func TestEveryStandardClaim(t *testing.T) {
	for name, changed := range map[string]any{
		"a timestamp": "2024-01-02T03:04:05.000Z", "a date and time": "2024-01-02T03:04:05", "a number": 1704164645, "a big integer": "1704164645",
	} {
		t.Run(name, func(t *testing.T) {
			s := providertest.New(t, providertest.Options{Mapping: everyStandardClaim()})
			addAda(s, changed)
			info := s.UserInfo(t, tokens(t, s, map[string]string{"scope": "openid profile email address phone"}).Text("access_token")).WantOK(t)
			delete(info.JSON, "sub")
			if diff := cmp.Diff(standardClaims(), info.JSON); diff != "" {
				t.Errorf("userinfo (-want +got):\n%s", diff)
			}
		})
	}
}

// Without a value of its own, a template or column tells nothing; what is the same
// for everybody is told all the same.
func TestConstantClaims(t *testing.T) {
	s := providertest.New(t, providertest.Options{Mapping: everyStandardClaim()})
	s.Directus.AddUser(directustest.User{Email: ada, Password: providertest.Password, Fields: map[string]any{
		"middle": nil, "nick": nil, "number": nil, "portrait": nil, "site": "", "gender": nil, "born": nil, "language": nil, "changed": "soon",
		"phone": nil, "phone_ok": true, "street": nil, "city": nil, "code": nil,
	}})
	info := s.UserInfo(t, tokens(t, s, map[string]string{"scope": "openid profile email address phone"}).Text("access_token")).WantOK(t)
	delete(info.JSON, "sub")
	want := map[string]any{
		"zoneinfo": "Europe/London", "email": ada, "email_verified": true,
		"address": map[string]any{"region": "Greater London", "country": "United Kingdom"},
	}
	if diff := cmp.Diff(want, info.JSON); diff != "" {
		t.Errorf("userinfo (-want +got):\n%s", diff)
	}
	for _, bad := range []string{"=", "= ", "{first_name", "first name", "=x{password}"} {
		_, err := claims.New(claims.Config{Mapping: claims.Mapping{"name": bad}})
		if refused := err != nil; refused != (bad != "=x{password}") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// Discovery names a scope only where the mapping feeds it.
func TestAdvertisedScopesAreFed(t *testing.T) {
	for name, test := range map[string]struct {
		mapping claims.Mapping
		want    []any
	}{
		"the default":   {claims.DefaultMapping(), []any{"openid", "profile", "email", "offline_access"}},
		"everything":    {everyStandardClaim(), []any{"openid", "profile", "email", "address", "phone", "offline_access"}},
		"a number only": {claims.Mapping{"phone_number": "phone"}, []any{"openid", "phone", "offline_access"}},
	} {
		s := providertest.New(t, providertest.Options{Mapping: test.mapping})
		document := s.Send(t, http.MethodGet, "/.well-known/openid-configuration", nil, nil).WantOK(t)
		if diff := cmp.Diff(test.want, document.JSON["scopes_supported"]); diff != "" {
			t.Errorf("%s: scopes (-want +got):\n%s", name, diff)
		}
		supported, _ := document.JSON["claims_supported"].([]any)
		if phone := slices.Contains(supported, any("phone_number")); phone != slices.Contains(test.want, any("phone")) {
			t.Errorf("%s: the claims are %v", name, supported)
		}
	}
}
