package doctor

import (
	"fmt"
	"net/http"
	"testing"
)

// misconfiguration is one of Directus, how it is seeded and what must be found.
type misconfiguration struct {
	name string
	// variables are those of Directus that are wrong; it starts again for them.
	variables map[string]string
	// seed does what else is wrong, and returns what sets it right again.
	seed func(*testing.T, *world) (mend func())
	// settings are variables of Gatehouse.
	settings []string
	// plain are found without an administrator, administrator with one.
	plain, administrator []wanted
	// core says that only Directus 12 without a licence can have it.
	core bool
}

// misconfigurations begin with those that need no new start of Directus.
func misconfigurations(w *world) []misconfiguration {
	return []misconfiguration{
		{
			name: "service token that writes", seed: grantWriting,
			plain: []wanted{{"warning", "Directus token", "may do more than it needs: update directus_users", "run gatehouse setup"}},
		},
		{
			name: "service token of an administrator", settings: []string{"GATEHOUSE_DIRECTUS_TOKEN=" + w.directus.AdminToken, "GATEHOUSE_DIRECTUS_TOKEN_FILE="},
			plain: []wanted{{"error", "Directus token", "is an administrator's", "run gatehouse setup for a least-privilege token"}},
		},
		{
			name: "service token that reads no roles", seed: takeReading,
			plain: []wanted{{"error", "Directus token", "may not read every field of every user and role", "run gatehouse setup, which mends the policy"}},
		},
		{
			name: "service token of a suspended user", seed: suspendService,
			plain:         []wanted{{"error", "Directus token", "belongs to no active user", "run gatehouse setup, which sets its user back to active"}},
			administrator: []wanted{{"error", "Directus token", "is suspended", "run gatehouse setup, which sets it back to active"}},
		},
		{
			name: "sign-in elsewhere without a licence for it", core: true,
			settings: []string{"GATEHOUSE_DIRECTUS_EXTERNAL_SIGN_IN=true", "GATEHOUSE_DIRECTUS_PUBLIC_URL=http://localhost:8055"},
			plain:    []wanted{{"warning", "external sign-in", "this Directus has no licence", "directus.external_sign_in: false"}},
		},
		{
			name:      "reset URL not allowed, addresses of people not believed, users kept",
			variables: map[string]string{"PASSWORD_RESET_URL_ALLOW_LIST": w.issuer + "/reset", "IP_TRUST_PROXY": "false", "CACHE_ENABLED": "true"},
			plain: []wanted{
				{"warning", "allow-lists", "no link to " + w.issuer + "/reset-password", "set PASSWORD_RESET_URL_ALLOW_LIST=" + w.issuer + "/reset-password"},
				{"warning", "Directus cache", "keeps what was read of users", "set CACHE_AUTO_PURGE=true in the environment of Directus, or CACHE_ENABLED=false"},
			},
			administrator: []wanted{
				{"warning", "addresses", "are not believed by Directus (IP_TRUST_PROXY)", "set IP_TRUST_PROXY="},
				{"warning", "registration limit", "the sixth within a minute cannot register", "raise RATE_LIMITER_REGISTRATION_POINTS"},
			},
		},
		{
			name:      "verification URL not allowed, anybody's word believed",
			variables: map[string]string{"USER_REGISTER_URL_ALLOW_LIST": "", "IP_TRUST_PROXY": "true"},
			plain: []wanted{
				{"warning", "allow-lists", "no link to " + w.issuer + "/verify-email", "set USER_REGISTER_URL_ALLOW_LIST=" + w.issuer + "/verify-email"},
			},
			administrator: []wanted{{"warning", "addresses", "are believed by Directus whoever names them", "set IP_TRUST_PROXY="}},
		},
		{
			name:      "invitation URL not allowed, too many proxies",
			variables: map[string]string{"USER_INVITE_URL_ALLOW_LIST": "https://elsewhere.example.com/accept-invite", "IP_TRUST_PROXY": "2"},
			administrator: []wanted{
				{"warning", "allow-lists", "no link to " + w.issuer + "/accept-invite", "set USER_INVITE_URL_ALLOW_LIST=" + w.issuer + "/accept-invite"},
				{"warning", "addresses", "are believed by Directus whoever names them", "set IP_TRUST_PROXY="},
			},
		},
		{
			name: "more seats than the licence has, which locks it", core: true, seed: takeSeats, variables: map[string]string{},
			plain:         []wanted{{"error", "Directus licence", "is locked", "install a licence"}},
			administrator: []wanted{{"error", "Directus seats", "are exceeded: 4 active users have administrator or Studio access, the licence Core is for 3", "take Studio access from people"}},
		},
	}
}

func TestMisconfigurationsOfDirectus(t *testing.T) {
	w := newWorld(t)
	healthy := w.doctor(t, true)
	for _, f := range healthy {
		if f.Severity != "ok" && f.Severity != "note" {
			t.Errorf("found where nothing is wrong: %s", listed([]finding{f}))
		}
	}
	for _, list := range []string{"PASSWORD_RESET_URL_ALLOW_LIST", "USER_REGISTER_URL_ALLOW_LIST", "USER_INVITE_URL_ALLOW_LIST"} {
		wanted{"ok", "allow-lists", list + " names our page", ""}.found(t, healthy)
	}
	wanted{"ok", "addresses", "of people are believed by Directus when they come from here", ""}.found(t, healthy)
	w.nothingIsLeft(t)

	for _, want := range foundHealthy() {
		want.found(t, healthy)
	}
	for _, wrong := range append(misconfigurationsOfPeople(w), misconfigurations(w)...) {
		t.Run(wrong.name, func(t *testing.T) {
			if wrong.core && !w.isCore() {
				t.Skip("only Directus 12 has licences")
			}
			if wrong.seed != nil {
				defer wrong.seed(t, w)()
			}
			if wrong.variables != nil {
				w.seed(t, wrong.variables)
			}
			w.examine(t, wrong, healthy)
		})
	}
	w.seed(t, nil)
	for _, f := range w.doctor(t, true) {
		if f.Severity != "ok" && f.Severity != "note" {
			t.Errorf("found after everything was set right: %s", listed([]finding{f}))
		}
	}
}

func (w *world) examine(t *testing.T, wrong misconfiguration, healthy []finding) {
	t.Helper()
	if len(wrong.plain) > 0 {
		findings := w.doctor(t, false, wrong.settings...)
		for _, want := range wrong.plain {
			want.found(t, findings)
			want.notFound(t, healthy)
		}
	}
	if len(wrong.administrator) > 0 {
		findings := w.doctor(t, true, wrong.settings...)
		for _, want := range append(wrong.administrator, wrong.plain...) {
			want.found(t, findings)
			want.notFound(t, healthy)
		}
	}
}

// nothingIsLeft: what the doctor tries comes to nothing.
func (w *world) nothingIsLeft(t *testing.T) {
	t.Helper()
	var users []struct{ Email *string }
	w.call(t, http.MethodGet, "/users?fields=email&limit=-1", nil, &users)
	for _, user := range users {
		if user.Email != nil && *user.Email != w.directus.AdminEmail {
			t.Errorf("the doctor made a user: %s", *user.Email)
		}
	}
	if sessions, err := w.directus.Postgres.Query(t.Context(), "directus", "SELECT count(*) FROM directus_sessions"); err != nil || sessions != "0" {
		t.Errorf("the doctor left %s sessions, %v", sessions, err)
	}
}

const service = "filter[name][_eq]=Gatehouse%20service"

func grantWriting(t *testing.T, w *world) func() {
	policy := w.the(t, "/policies", service)
	var created struct{ ID int }
	w.call(t, http.MethodPost, "/permissions", map[string]any{
		"policy": policy, "collection": "directus_users", "action": "update", "fields": []string{"*"},
	}, &created)
	return func() { w.call(t, http.MethodDelete, fmt.Sprintf("/permissions/%d", created.ID), nil, nil) }
}

func takeReading(t *testing.T, w *world) func() {
	policy := w.the(t, "/policies", service)
	id := w.the(t, "/permissions", "filter[policy][_eq]="+policy+"&filter[collection][_eq]=directus_roles")
	w.call(t, http.MethodDelete, "/permissions/"+id, nil, nil)
	return func() {
		w.call(t, http.MethodPost, "/permissions", map[string]any{
			"policy": policy, "collection": "directus_roles", "action": "read", "fields": []string{"*"},
		}, nil)
	}
}

func suspendService(t *testing.T, w *world) func() {
	user := w.the(t, "/users", "filter[first_name][_eq]=Gatehouse%20service")
	w.call(t, http.MethodPatch, "/users/"+user, map[string]any{"status": "suspended"}, nil)
	return func() { w.call(t, http.MethodPatch, "/users/"+user, map[string]any{"status": "active"}, nil) }
}

// takeSeats makes three more administrators behind Directus's back, which itself
// would refuse the third. It counts when it starts.
func takeSeats(t *testing.T, w *world) func() {
	query := func(statement string) {
		if _, err := w.directus.Postgres.Query(t.Context(), "directus", statement); err != nil {
			t.Fatal(err)
		}
	}
	query(`INSERT INTO directus_users (id, first_name, status, role)
		SELECT gen_random_uuid(), 'Seat', 'active', role FROM directus_users, generate_series(1, 3) WHERE email = '` + w.directus.AdminEmail + `'`)
	return func() { query("DELETE FROM directus_users WHERE first_name = 'Seat'") }
}
