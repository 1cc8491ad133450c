package claims_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/provider/claims"
	"gatehouse/storage"
)

func release(t *testing.T, rules map[string]claims.Rule, fields map[string]any) (map[string]any, string) {
	t.Helper()
	var log bytes.Buffer
	releaser, err := claims.New(claims.Config{Rules: rules, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	var released map[string]any
	for range 2 { // what does not convert is told once
		person, err := releaser.Look(t.Context(), storage.Account{ID: "1", Fields: fields}, releaser.Scopes(), nil, claims.Destinations()...)
		if err != nil {
			t.Fatal(err)
		}
		if released, err = releaser.Release(t.Context(), person, releaser.Scopes(), nil, nil, claims.Destinations()...); err != nil {
			t.Fatal(err)
		}
	}
	return released, log.String()
}

func TestValuesAreConverted(t *testing.T) {
	rows := func(values ...any) []any { return values }
	for _, test := range []struct {
		kind claims.Type
		from any
		want any // as JSON says it; nil is left out
		told bool
	}{
		{claims.String, "Ada", "Ada", false},
		{claims.String, "  Ada ", "Ada", false},
		{claims.String, 0.5, "0.5", false},
		{claims.String, float64(12), "12", false},
		{claims.String, true, "true", false},
		{claims.String, "", nil, false},
		{claims.String, "   ", nil, false},
		{claims.String, nil, nil, false},
		{claims.String, rows("a"), nil, true},
		{claims.String, map[string]any{"a": 1}, nil, true},
		{claims.String, strings.Repeat("a", 4097), nil, true},
		{claims.Number, float64(12), "12", false},
		{claims.Number, "9007199254740993", "9007199254740993", false},
		{claims.Number, "1.50000", "1.50000", false},
		{claims.Number, "twelve", nil, true},
		{claims.Number, "0x10", nil, true},
		{claims.Number, "NaN", nil, true},
		{claims.Number, "01", nil, true},
		{claims.Number, true, nil, true},
		{claims.Boolean, true, "true", false},
		{claims.Boolean, float64(0), "false", false},
		{claims.Boolean, "1", "true", false},
		{claims.Boolean, "yes", nil, true},
		{claims.Date, "1815-12-10", "1815-12-10", false},
		{claims.Date, "1815-12-10T03:04:05.000Z", "1815-12-10", false},
		{claims.Date, "1815", "1815", false},
		{claims.Date, "0000-12-10", "0000-12-10", false},
		{claims.Date, "10.12.1815", nil, true},
		{claims.Date, "2026-02-30", nil, true},
		{claims.DateTime, "2026-01-02T03:04:05.000Z", "2026-01-02T03:04:05Z", false},
		{claims.DateTime, "2026-01-02T03:04:05+02:00", "2026-01-02T01:04:05Z", false},
		{claims.DateTime, "2026-01-02T03:04:05", "2026-01-02T03:04:05Z", false},
		{claims.DateTime, "soon", nil, true},
		{claims.Seconds, "2026-01-02T03:04:05.000Z", "1767323045", false},
		{claims.Seconds, "1767323045", "1767323045", false},
		{claims.Seconds, float64(1767323045), "1767323045", false},
		{claims.Seconds, "2026-01-02", "1767312000", false},
		{claims.Seconds, 1e300, nil, true},
		{claims.List, rows("a", "b", "a", nil), `["a","b"]`, false},
		{claims.List, rows(rows("a"), rows("b", float64(3))), `["a","b","3"]`, false},
		{claims.List, "a", `["a"]`, false},
		{claims.List, rows(), nil, false},
		{claims.List, rows(nil), nil, false},
		{claims.List, rows(map[string]any{"id": 1}), nil, true},
		{claims.List, rows(strings.Repeat("a", 4000), strings.Repeat("b", 4000)), nil, true},
		{claims.List, many(65), nil, true},
		{claims.JSON, map[string]any{"a": rows(1, 2)}, `{"a":[1,2]}`, false},
		{claims.JSON, many(4000), nil, true},
	} {
		released, log := release(t, map[string]claims.Rule{"test": {From: "column", Scope: "test", Type: test.kind}}, map[string]any{"column": test.from})
		got, ok := released["test"]
		if ok != (test.want != nil) {
			t.Errorf("%s of %.40v: released %.40v", test.kind, test.from, got)
			continue
		}
		if told := strings.Count(log, "claim is left out"); told != 0 != test.told || told > 1 {
			t.Errorf("%s of %.40v: told %d times: %s", test.kind, test.from, told, log)
		}
		raw, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		text, isText := got.(string)
		if !isText {
			text = string(raw)
		}
		if ok && text != test.want {
			t.Errorf("%s of %v: %s, want %v", test.kind, test.from, text, test.want)
		}
	}
}

func many(n int) []any {
	entries := make([]any, n)
	for i := range entries {
		entries[i] = float64(i)
	}
	return entries
}

func TestWhatIsLeftOutIsNotQuoted(t *testing.T) {
	_, log := release(t, map[string]claims.Rule{"age": {From: "column", Scope: "age", Type: claims.Number}}, map[string]any{"column": "a private word"})
	if strings.Contains(log, "private") || !strings.Contains(log, "claim=age") {
		t.Errorf("the log says: %s", log)
	}
}

func TestDefaultsConstantsAndTemplates(t *testing.T) {
	released, _ := release(t, map[string]claims.Rule{
		"tier":     {From: "tier", Scope: "shop", Default: "basic"},
		"seats":    {From: "seats", Scope: "shop", Type: claims.Number, Default: 1},
		"labels":   {From: "labels.label", Scope: "shop", Type: claims.List, Default: []any{"none"}},
		"wrong":    {From: "wrong", Scope: "shop", Type: claims.Number, Default: 7},
		"beta":     {From: "=true", Scope: "shop", Type: claims.Boolean},
		"employer": {From: "{company.name} ({company.id})", Scope: "shop"},
		"nobody":   {From: "{title} of {nothing}", Scope: "shop"},
		"odd":      {From: "{list} x", Scope: "shop"},
	}, map[string]any{"wrong": "x", "company.name": "Acme", "company.id": float64(7), "title": nil, "list": []any{"a"}})
	want := map[string]any{
		"tier": "basic", "seats": 1, "labels": []string{"none"}, "beta": true, "employer": "Acme (7)",
	}
	if diff := cmp.Diff(want, released); diff != "" {
		t.Error(diff)
	}
}

func TestRulesThatAreRefused(t *testing.T) {
	for _, test := range []struct {
		claim string
		rule  claims.Rule
		words string
	}{
		{"iss", claims.Rule{From: "title", Scope: "x"}, "belongs to the protocol"},
		{"client_id", claims.Rule{From: "title", Scope: "x"}, "belongs to the protocol"},
		{"Scope", claims.Rule{From: "title", Scope: "x"}, "belongs to the protocol"},
		{"SUB", claims.Rule{From: "title", Scope: "x"}, "belongs to the protocol"},
		{"active", claims.Rule{From: "=false", Scope: "x"}, "belongs to the protocol"},
		{"cnf", claims.Rule{From: "title", Scope: "x"}, "belongs to the protocol"},
		{"at_hash", claims.Rule{From: "title", Scope: "x"}, "belongs to the protocol"},
		{"s_hash", claims.Rule{From: "title", Scope: "x"}, "belongs to the protocol"},
		{"sub", claims.Rule{From: "title", Scope: "x"}, "cannot be mapped"},
		{"orders", claims.Rule{From: "orders"}, "name the scope"},
		{"orders", claims.Rule{From: "orders", Scope: "openid"}, "releases no further claims"},
		{"orders", claims.Rule{From: "orders", Scope: "offline_access"}, "releases no further claims"},
		{"orders", claims.Rule{From: "orders", Scope: "two words"}, "not the name of a scope"},
		{"orders", claims.Rule{Scope: "x"}, "from is missing"},
		{"orders", claims.Rule{From: "orders", Scope: "x", Type: "text"}, "is not a type; there are string"},
		{"orders", claims.Rule{From: "orders", Scope: "x", In: []claims.Destination{"cookie"}}, "in is a list of userinfo"},
		{"orders", claims.Rule{From: "orders", Scope: "x", Type: claims.Number, Default: "many"}, "the default is no number"},
		{"orders", claims.Rule{From: "=many", Scope: "x", Type: claims.Number}, "is no number"},
		{"orders", claims.Rule{From: "roles()", Scope: "x", Type: claims.String}, "is a list"},
		{"orders", claims.Rule{From: "users()", Scope: "x"}, "is no source"},
		{"or ders", claims.Rule{From: "orders", Scope: "x"}, "write a name of letters"},
		{"email", claims.Rule{From: "email", Type: claims.List}, "is a string"},
		{"address", claims.Rule{From: "street"}, "is made of its members"},
		{"address.locality", claims.Rule{From: "city", Scope: "x"}, "write scope and in at address"},
		{"address.planet", claims.Rule{From: "city"}, "has the members"},
		{"nickname", claims.Rule{From: "password"}, "is never released"},
		{"nickname", claims.Rule{From: "company.owner.password"}, "is never released"},
		{"nickname", claims.Rule{From: "Password"}, "is never released"},
		{"nickname", claims.Rule{From: "company.owner.token"}, "is never released"},
		{"nickname", claims.Rule{From: "{role.users.tfa_secret}"}, "is never released"},
		{"nickname", claims.Rule{From: "auth_data.secret"}, "is never released"},
		{"nickname", claims.Rule{From: "a.b.c.d.e.f"}, "more than 5 fields"},
		{"nickname", claims.Rule{From: "a..b"}, "not the name of a Directus field"},
		{"nickname", claims.Rule{From: "$FOLLOW(orders,user)"}, "is no source"},
		{"nickname", claims.Rule{From: "*"}, "not the name of a Directus field"},
		{"nickname", claims.Rule{From: strings.Repeat("{a}", 400)}, "longer than"},
	} {
		_, err := claims.New(claims.Config{Rules: map[string]claims.Rule{test.claim: test.rule}})
		if err == nil || !strings.Contains(err.Error(), test.words) {
			t.Errorf("%s %+v: %v, want %q", test.claim, test.rule, err, test.words)
		}
	}
	if _, err := claims.New(claims.Config{Mapping: claims.Mapping{"name": "title"}, Rules: map[string]claims.Rule{"name": {From: "title"}}}); err == nil {
		t.Error("a claim in both forms was taken")
	}
}

// standing counts who asks about roles and policies.
type standing struct {
	roles, access int
	err           error
}

func (s *standing) Roles(context.Context, storage.Account, time.Duration) ([]storage.NamedRole, error) {
	s.roles++
	return []storage.NamedRole{{ID: "r1", Name: "Clerk"}, {ID: "r2", Name: "Staff"}}, s.err
}

func (s *standing) Access(ctx context.Context, account storage.Account, maxAge time.Duration) (storage.UserAccess, error) {
	s.access++
	roles, err := s.Roles(ctx, account, maxAge)
	s.roles--
	return storage.UserAccess{Roles: roles, Policies: []storage.NamedPolicy{{ID: "p1", Name: "Orders"}}}, err
}

func TestRolesGroupsAndPolicies(t *testing.T) {
	releaser, err := claims.New(claims.Config{Mapping: claims.Mapping{"given_name": "first_name"}, Rules: map[string]claims.Rule{
		"roles": {}, "groups": {Scope: "profile"}, "policies": {From: "policies(id)"},
		"elsewhere": {From: "roles()", Scope: "email", Type: claims.List, In: []claims.Destination{claims.AccessToken}}, "urn:own": {From: "roles(id)", Scope: "own", Type: claims.List},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		scopes        []string
		requested     map[string]storage.ClaimRequest
		want          map[string]any
		roles, access int
	}{
		{scopes: []string{"openid", "email"}, want: map[string]any{}},
		{scopes: []string{"roles", "own"}, want: map[string]any{"roles": []string{"Clerk", "Staff"}, "urn:own": []string{"r1", "r2"}}, roles: 1},
		{scopes: []string{"profile"}, want: map[string]any{"groups": []string{"Clerk", "Staff"}}, roles: 1},
		{scopes: []string{"policies"}, want: map[string]any{"policies": []string{"p1"}}, access: 1},
		{
			requested: map[string]storage.ClaimRequest{"policies": {}},
			want:      map[string]any{"policies": []string{"p1"}}, access: 1,
		},
	} {
		asked := &standing{}
		with := releaser.WithAccess(asked, time.Minute)
		person, err := with.Look(t.Context(), storage.Account{ID: "1"}, test.scopes, test.requested, claims.UserInfo)
		if err != nil {
			t.Fatal(err)
		}
		released, err := with.Release(t.Context(), person, test.scopes, test.requested, nil, claims.UserInfo)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, released); diff != "" {
			t.Errorf("%v: %s", test.scopes, diff)
		}
		if asked.roles != test.roles || asked.access != test.access {
			t.Errorf("%v: asked %d times for roles and %d for policies, want %d and %d", test.scopes, asked.roles, asked.access, test.roles, test.access)
		}
	}
	// Nobody passes for one without roles because they could not be looked up.
	unavailable := releaser.WithAccess(&standing{err: storage.ErrUnavailable}, time.Minute)
	if _, err := unavailable.Look(t.Context(), storage.Account{}, []string{"roles"}, nil, claims.Destinations()...); !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("error %v", err)
	}
	if _, err := releaser.Look(t.Context(), storage.Account{}, []string{"roles"}, nil, claims.Destinations()...); err == nil {
		t.Error("without anybody to ask there was an answer")
	}
}

// Whatever a source reads, it is a path of plain names without a secret in it.
func FuzzSource(f *testing.F) {
	for _, seed := range []string{"first_name", "{first_name} {last_name}", "=x", "company.owner.name", "roles(id)", "policies()", "{", "}{", "{password}", "a.password.b", "{a}{b", "=", ")", "roles({x})"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, from string) {
		releaser, err := claims.New(claims.Config{Mapping: claims.Mapping{"nickname": from}})
		if err != nil {
			return
		}
		for _, field := range releaser.Fields() {
			for segment := range strings.SplitSeq(field, ".") {
				switch segment {
				case "", "password", "token", "tfa_secret", "auth_data":
					t.Errorf("%q reads %q", from, field)
				}
				if strings.Trim(segment, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != "" {
					t.Errorf("%q reads %q", from, field)
				}
			}
		}
		person, err := releaser.Look(t.Context(), storage.Account{Fields: map[string]any{}}, []string{"profile"}, nil, claims.Destinations()...)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := releaser.Release(t.Context(), person, []string{"profile"}, nil, nil, claims.UserInfo); err != nil {
			t.Errorf("%q: %v", from, err)
		}
	})
}
