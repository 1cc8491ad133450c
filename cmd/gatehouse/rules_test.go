package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"gatehouse/cmd/gatehouse/addresses"
	"gatehouse/cmd/gatehouse/passwords"
	"gatehouse/e2e/stack"
)

// The rules that are judged here before Directus is asked are judged there in the
// same way: the same texts, by us and by a real Directus.
func TestRulesAgreeWithDirectus(t *testing.T) {
	d := &ruled{stack.DirectusForTest(t, stack.DirectusOptions{
		// Hashing is not what is looked at.
		Env: map[string]string{"HASH_MEMORY_COST": "1024", "HASH_TIME_COST": "2", "HASH_PARALLELISM": "1"},
	})}
	t.Run("passwords", d.passwords)
	t.Run("addresses", d.addresses)
}

type ruled struct{ *stack.Directus }

// send returns the status; Directus is asked as an administrator if it may be.
func (d *ruled) send(t *testing.T, method, path string, administrator bool, body any) int {
	t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), method, d.URL+path, bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	if administrator {
		request.Header.Set("Authorization", "Bearer "+d.AdminToken)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	return response.StatusCode
}

func (d *ruled) settings(t *testing.T, settings map[string]any) {
	t.Helper()
	if status := d.send(t, http.MethodPatch, "/settings", true, settings); status != http.StatusOK {
		t.Fatalf("settings: status %d", status)
	}
}

func (d *ruled) passwords(t *testing.T) {
	policies := []string{
		`/^.{8,}$/`,
		`/(?=^.{8,}$)(?=.*\d)(?=.*[a-z])(?=.*[A-Z])(?=.*[!@#$%^&*()_+}{';'?>.<,])(?!.*\s).*$/`,
		`^[^\s]+$`, `/^[\S]+$/`, `/[0-9]{3}/`, `/`, `//`, `/a/b/`, `/^[a-z-[x]+$/`, `/^(?!password).+/`, `/😀/`, `/^\d+$/`, `/^\w+$/`,
		`/^[$.]+$/`, `/(?<a>.)\k<a>/`, `/\bhorse\b/`, `/^.$/`, `/^[^a]$/`, `/\u0061/`, `/(?<=x)a/`, `/^\p{L}+$/`, `/^\Aa\z$/`,
	}
	texts := []string{
		"a", "ab", "ABC", "12345678", "1234567", "Passw0rd!", "Passw0rd !", "Passw0rd!\u00a0", "password1", "correct horse battery", "٣٣٣",
		"😀😀😀😀", "😀😀😀", "😀", "1234\u20285678", "12345678\n", "[x-a", "$.", "aa", "a/b", "xa", "é", "ü\u0308", "\u3000", "K", "_", "p{L}", "Aaz", `\`,
	}
	created := 0
	for _, policy := range policies {
		d.settings(t, map[string]any{"auth_password_policy": policy})
		ours, err := passwords.Parse(policy)
		if err != nil {
			t.Errorf("%s: %v", policy, err)
			continue
		}
		for _, text := range texts {
			created++
			status := d.send(t, http.MethodPost, "/users", true, map[string]any{
				"email": fmt.Sprintf("rules-%d@example.com", created), "password": text, "status": "draft",
			})
			theirs := status == http.StatusOK
			if !theirs && status != http.StatusBadRequest {
				t.Fatalf("%s, %q: status %d", policy, text, status)
			}
			if ours.Accepts(text) != theirs {
				t.Errorf("policy %s, password %q: Directus takes it: %t, we: %t", policy, text, theirs, !theirs)
			}
		}
	}
	d.settings(t, map[string]any{"auth_password_policy": nil})
}

func (d *ruled) addresses(t *testing.T) {
	email := func(operator string, operand any) map[string]any {
		return map[string]any{"email": map[string]any{operator: operand}}
	}
	list := func(key string, filters ...any) map[string]any {
		if filters == nil {
			filters = []any{}
		}
		return map[string]any{key: filters}
	}
	filters := []map[string]any{
		list("_and", email("_ends_with", "@example.com")),
		email("_eq", "ada@example.com"), email("_eq", "ADA@example.com"), email("_neq", "ada@example.com"),
		email("_contains", "a@e"), email("_contains", "."), email("_ncontains", "+"), email("_icontains", "ADA"),
		email("_starts_with", "ada"), email("_starts_with", "a.a"), email("_nstarts_with", "ada"), email("_istarts_with", "ADA"), email("_nistarts_with", "ADA"),
		email("_ends_with", "example.com"), email("_nends_with", "example.com"), email("_iends_with", "EXAMPLE.com"), email("_niends_with", "EXAMPLE.com"),
		email("_in", []string{"ada@example.com", "grace@example.org"}), email("_nin", []string{"ada@example.com"}),
		email("_empty", true), email("_nempty", true), email("_null", true), email("_nnull", true), email("_nnull", false), email("_submitted", true),
		email("_regex", `^[a-z]+@example\.(com|org)$`), email("_regex", `/^[^+]+@/`), email("_regex", `/`),
		list("_and"), list("_or"),
		list("_or", email("_ends_with", ".org"), email("_starts_with", "ada+")),
		list("_and", list("_or", email("_ends_with", ".org"), email("_ends_with", ".com")), email("_ncontains", "+")),
		list("_and", email("_starts_with", "ada"), email("_ends_with", ".org")),
	}
	texts := []string{
		"ada@example.com", "ADA@example.com", "ada@EXAMPLE.com", "ada+shop@example.com", "ada.lovelace@example.com",
		"grace@example.org", "a@a.co", "ada@example.com.org", "o'hara@example.com",
	}
	d.settings(t, map[string]any{"public_registration": true, "public_registration_verify_email": false})
	for _, filter := range filters {
		d.settings(t, map[string]any{"public_registration_email_filter": filter})
		raw, err := json.Marshal(filter)
		if err != nil {
			t.Fatal(err)
		}
		ours, err := addresses.Parse(string(raw))
		if err != nil || ours.Left() != "" {
			t.Errorf("%s: %v, left to Directus: %q", raw, err, ours.Left())
			continue
		}
		for _, text := range texts {
			status := d.send(t, http.MethodPost, "/users/register", false, map[string]any{"email": text, "password": "correct horse"})
			theirs := status == http.StatusNoContent
			if !theirs && status != http.StatusForbidden {
				t.Fatalf("%s, %s: status %d", raw, text, status)
			}
			if ours.Accepts(text) != theirs {
				t.Errorf("filter %s, address %s: Directus takes it: %t, we: %t", raw, text, theirs, !theirs)
			}
		}
	}
}
