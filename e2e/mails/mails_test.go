package mails

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatehouse/e2e/mailbox"
	"gatehouse/e2e/stack"
)

const issuer = "https://id.example.org/tenant"

// templates copies the example, for an issuer of ours.
func templates(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	if err := os.CopyFS(folder, os.DirFS("../../examples/directus-templates")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "gatehouse-issuer.liquid"), []byte(issuer+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return folder
}

// Every mail leads to our page, whoever had it sent: from our pages, with the
// request of the app, or from the Studio.
func TestMailsLeadToGatehouse(t *testing.T) {
	box := stack.MailboxForTest(t)
	directus := stack.DirectusForTest(t, stack.DirectusOptions{
		SMTP:      box.SMTPAddr,
		ResetURLs: []string{issuer + "/reset-password"}, RegisterURLs: []string{issuer + "/verify-email"}, InviteURLs: []string{issuer + "/accept-invite"},
		Env: map[string]string{"EMAIL_TEMPLATES_PATH": templates(t)},
	})
	if directus.Version == "10.8.2" {
		t.Skip("Directus 10.8 has its templates elsewhere, and no registration")
	}
	call := func(method, path string, body map[string]any) {
		t.Helper()
		if err := directus.Call(t.Context(), method, path, body, nil); err != nil {
			t.Fatal(err)
		}
	}
	// Directus 10 puts it into the sender's address as it is, so no more marks than these.
	const project = "Acme & Sons' Shop"
	call(http.MethodPatch, "/settings", map[string]any{
		"project_name": project, "public_registration": true, "public_registration_verify_email": true,
	})
	role := customer(t, directus)
	if _, err := directus.CreateUser(t.Context(), stack.NewUser{Email: "ada@example.com", Password: "correct horse"}); err != nil {
		t.Fatal(err)
	}

	for _, test := range []struct {
		name, path  string
		body        map[string]any
		to, subject string
		page        string
		request     string
	}{
		{
			name: "reset from our page", path: "/auth/password/request",
			body: map[string]any{"email": "ada@example.com", "reset_url": issuer + "/reset-password?request=r1"},
			to:   "ada@example.com", subject: "Password Reset Request", page: "/reset-password", request: "r1",
		},
		{
			name: "reset from the Studio", path: "/auth/password/request", body: map[string]any{"email": "ada@example.com"},
			to: "ada@example.com", subject: "Password Reset Request", page: "/reset-password",
		},
		{
			name: "registration at our page", path: "/users/register",
			body: map[string]any{"email": "grace@example.com", "password": "correct horse", "verification_url": issuer + "/verify-email?request=r2"},
			to:   "grace@example.com", subject: "Verify your email address", page: "/verify-email", request: "r2",
		},
		{
			name: "registration elsewhere", path: "/users/register", body: map[string]any{"email": "joan@example.com", "password": "correct horse"},
			to: "joan@example.com", subject: "Verify your email address", page: "/verify-email",
		},
		{
			name: "invitation to our page", path: "/users/invite",
			body: map[string]any{"email": "mary@example.com", "role": role, "invite_url": issuer + "/accept-invite"},
			to:   "mary@example.com", subject: "You've been invited", page: "/accept-invite",
		},
		{
			name: "invitation from the Studio", path: "/users/invite", body: map[string]any{"email": "rosa@example.com", "role": role},
			to: "rosa@example.com", subject: "You've been invited", page: "/accept-invite",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			box.Clear()
			call(http.MethodPost, test.path, test.body)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			mail, err := box.Wait(ctx, func(m mailbox.Message) bool { return m.IsTo(test.to) })
			if err != nil {
				t.Fatal(err)
			}
			if mail.Subject != test.subject {
				t.Errorf("subject: got %q, want %q", mail.Subject, test.subject)
			}
			checkLinks(t, mail, test.page, test.request)
			checkPage(t, mail, project)
		})
	}
}

// customer makes a role without any rights.
func customer(t *testing.T, directus *stack.Directus) string {
	t.Helper()
	var role struct{ ID string }
	if err := directus.Call(t.Context(), http.MethodPost, "/roles", map[string]any{"name": "Customer"}, &role); err != nil {
		t.Fatal(err)
	}
	return role.ID
}

// checkLinks wants one address in the mail, twice: as button, and to be read.
func checkLinks(t *testing.T, mail mailbox.Message, page, request string) {
	t.Helper()
	links := mail.Links()
	if len(links) == 0 {
		t.Fatalf("no link in:\n%s", mail.HTML)
	}
	for _, link := range links {
		u, err := url.Parse(link)
		if err != nil {
			t.Fatal(err)
		}
		if got := u.Scheme + "://" + u.Host + u.Path; got != issuer+page {
			t.Errorf("the mail leads to %s, want %s", got, issuer+page)
		}
		if got := u.Query().Get("request"); got != request {
			t.Errorf("request: got %q, want %q", got, request)
		}
		// A JSON Web Token, whole.
		if token := u.Query().Get("token"); strings.Count(token, ".") != 2 || strings.ContainsAny(token, "&<> ") {
			t.Errorf("token: got %q", token)
		}
	}
	if n := strings.Count(mail.HTML, `href="`+issuer+page+`?`); n != 2 {
		t.Errorf("the link stands there %d times, want 2:\n%s", n, mail.HTML)
	}
	if !strings.Contains(mail.HTML, ">"+issuer+page+"?") {
		t.Error("the address cannot be read")
	}
}

// checkPage wants what a reader needs, and nothing of the project as markup.
func checkPage(t *testing.T, mail mailbox.Message, project string) {
	t.Helper()
	if strings.Contains(mail.HTML, project) || !strings.Contains(mail.HTML, "Acme &amp; Sons&#39; Shop") {
		t.Errorf("the name of the project is not escaped:\n%s", mail.HTML)
	}
	for _, part := range []string{`<html lang="en">`, "<title>", "<h1>", mail.To[0]} {
		if !strings.Contains(mail.HTML, part) {
			t.Errorf("no %s in:\n%s", part, mail.HTML)
		}
	}
	for _, leftover := range []string{"{{", "{%", "<img", "/admin/"} {
		if strings.Contains(mail.HTML, leftover) {
			t.Errorf("%s in:\n%s", leftover, mail.HTML)
		}
	}
}
