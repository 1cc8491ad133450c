package prepare_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/e2e/stack"
	"gatehouse/storage"
	"gatehouse/storage/directus/prepare"
)

// Both need a Directus and write little, so they share one.
func TestWriterAndExamine(t *testing.T) {
	t.Parallel()
	d := &server{stack.DirectusForTest(t, stack.DirectusOptions{Version: os.Getenv(versionVariable)})}
	var token storage.Secret
	for _, step := range []struct {
		name string
		run  func(t *testing.T)
	}{
		{"no writer unasked", d.noWriterUnasked},
		{"dry run", d.writerDryRun},
		{"the writer writes users and nothing else", func(t *testing.T) { token = d.writerWritesUsers(t) }},
		{"the writer is kept", func(t *testing.T) { d.writerIsKept(t, token) }},
		{"settings are examined", d.settingsAreExamined},
		{"who cannot enrol is found", d.whoCannotEnrolIsFound},
	} {
		if !t.Run(step.name, step.run) { //nolint:paralleltest // each goes on where the last one ended
			return
		}
	}
}

func (d *server) noWriterUnasked(t *testing.T) {
	report, err := d.prepare(t)
	if err != nil {
		t.Fatal(err)
	}
	if report.WriteToken != "" || slices.ContainsFunc(report.Steps, func(s prepare.Step) bool { return s.Name == "writer" }) {
		t.Errorf("a writer was made that nobody asked for: %+v", report.Steps)
	}
}

// again prepares once more, with the service token made anew since no step here
// needs the old one.
func (d *server) again(t *testing.T, change ...func(*prepare.Options)) (prepare.Report, error) {
	t.Helper()
	return d.prepare(t, append([]func(*prepare.Options){func(o *prepare.Options) { o.Writer, o.RotateToken = true, true }}, change...)...)
}

func (d *server) writerDryRun(t *testing.T) {
	before := d.dump(t)
	report, err := d.again(t, func(o *prepare.Options) { o.DryRun = true })
	if err != nil {
		t.Fatal(err)
	}
	if states(report)["writer"] != prepare.WouldDo || report.WriteToken != "" {
		t.Errorf("got %+v", report.Steps)
	}
	if diff := cmp.Diff(before, d.dump(t)); diff != "" {
		t.Errorf("the dry run wrote:\n%s", diff)
	}
}

func (d *server) writerWritesUsers(t *testing.T) storage.Secret {
	report, err := d.again(t)
	if err != nil {
		t.Fatal(err)
	}
	if !report.WriteTokenIsNew || report.WriteToken == "" || report.WriteToken == report.Token {
		t.Fatal("no write token of its own")
	}
	id, err := d.CreateUser(t.Context(), stack.NewUser{Email: "ada@example.com", Password: "correct horse"})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		method, path, body string
		allowed            bool
	}{
		{http.MethodPost, "/users", fmt.Sprintf(`{"email":"grace@example.com","password":"correct horse","role":%q}`, report.CustomerRole), true},
		{http.MethodPatch, "/users/" + id, `{"first_name":"Ada"}`, true},
		{http.MethodPatch, "/users/" + id, `{"password":"battery staple"}`, true},
		{http.MethodDelete, "/users/" + id, "", false},
		{http.MethodGet, "/users/" + id, "", false},
		{http.MethodPost, "/roles", `{"name":"x"}`, false},
		{http.MethodPatch, "/settings", `{"project_name":"x"}`, false},
		{http.MethodGet, "/activity", "", false},
		{http.MethodGet, "/files", "", false},
	} {
		status := d.status(t, report.WriteToken, test.method, test.path, test.body)
		if allowed := status < 300; allowed != test.allowed {
			t.Errorf("%s %s with the write token: %d, want it allowed: %t", test.method, test.path, status, test.allowed)
		}
	}
	if _, err := d.Login(t.Context(), "ada@example.com", "battery staple"); err != nil {
		t.Errorf("the new password does not work: %v", err)
	}
	// The session of that goes with its user.
	if err := d.Call(t.Context(), http.MethodDelete, "/users/"+id, nil, nil); err != nil {
		t.Fatal(err)
	}
	return report.WriteToken
}

func (d *server) writerIsKept(t *testing.T, token storage.Secret) {
	report, err := d.prepare(t, func(o *prepare.Options) { o.Writer, o.WriteToken, o.Token = true, token, d.rotated(t) })
	if err != nil {
		t.Fatal(err)
	}
	if report.WriteToken != token || report.WriteTokenIsNew || states(report)["writer"] != prepare.Kept {
		t.Errorf("the writer was not kept: %+v", report.Steps)
	}
	if _, err := d.prepare(t, func(o *prepare.Options) { o.Writer, o.Token = true, d.rotated(t) }); err == nil {
		t.Error("a write token that was not given was replaced unasked")
	}
}

// rotated makes a new service token and returns it.
func (d *server) rotated(t *testing.T) storage.Secret {
	t.Helper()
	report, err := d.prepare(t, func(o *prepare.Options) { o.RotateToken = true })
	if err != nil {
		t.Fatal(err)
	}
	return report.Token
}

func (d *server) settingsAreExamined(t *testing.T) {
	var admins []struct{ ID string }
	if err := d.Call(t.Context(), http.MethodGet, "/roles?fields=id&filter[name][_eq]=Administrator", nil, &admins); err != nil || len(admins) != 1 {
		t.Fatalf("%d roles of administrators: %v", len(admins), err)
	}
	d.set(t, map[string]any{"auth_password_policy": "/^.{8,}$/"})
	want := prepare.Rules{PasswordPolicy: "/^.{8,}$/", AttemptsLimit: 12, EnforceTFA: []string{"Two steps"}}
	d.set(t, map[string]any{"auth_login_attempts": want.AttemptsLimit})
	if d.hasRegistration() {
		want.EmailFilter = `{"_and":[{"email":{"_ends_with":"@example.com"}}]}`
		d.set(t, map[string]any{"public_registration_email_filter": json.RawMessage(want.EmailFilter)})
		defer d.set(t, map[string]any{"public_registration_email_filter": nil})
	}
	holders := "/policies"
	if strings.HasPrefix(d.Version, "10.") {
		holders = "/roles"
	}
	enforcing := d.make(t, holders, map[string]any{"name": want.EnforceTFA[0], "enforce_tfa": true})
	defer func() {
		if err := d.Call(t.Context(), http.MethodDelete, holders+"/"+enforcing, nil, nil); err != nil {
			t.Error(err)
		}
	}()
	found, roles, err := prepare.Examine(t.Context(), d.options(), admins[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, found.Rules); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
	if len(roles) != 1 || !roles[0].Admin || roles[0].Name != "Administrator" {
		t.Errorf("the role of administrators: got %+v", roles)
	}
	if d.hasRegistration() {
		r := found.Registration
		if !r.Open || !r.VerifiesEmail || r.Role.Name != prepare.DefaultCustomerRole || r.Role.Admin || r.Role.App {
			t.Errorf("registration: got %+v", r)
		}
	}
	d.set(t, map[string]any{"auth_password_policy": nil})
}

func (d *server) hasRegistration() bool { return d.Version != "10.8.2" }

func (d *server) set(t *testing.T, settings map[string]any) {
	t.Helper()
	if err := d.Call(t.Context(), http.MethodPatch, "/settings", settings, nil); err != nil {
		t.Fatal(err)
	}
}

// make creates a row and returns its id.
func (d *server) make(t *testing.T, path string, row map[string]any) string {
	t.Helper()
	var made struct{ ID string }
	if err := d.Call(t.Context(), http.MethodPost, path, row, &made); err != nil {
		t.Fatal(err)
	}
	return made.ID
}

// holding are rows that give policies.
func holding(policies ...string) []map[string]string {
	var rows []map[string]string
	for _, id := range policies {
		rows = append(rows, map[string]string{"policy": id})
	}
	return rows
}

// A policy that asks for one-time passwords, held by roles and a user of whom
// some may set them up.
func (d *server) whoCannotEnrolIsFound(t *testing.T) {
	if d.isTen() {
		t.Skip("Directus 10 lets everybody enrol whose role asks for it")
	}
	enforces := d.make(t, "/policies", map[string]any{"name": "Two steps", "enforce_tfa": true})
	studio := d.make(t, "/policies", map[string]any{"name": "Studio", "app_access": true})
	// The one rule for rows that Directus 12 takes without a licence.
	ownRow := d.make(t, "/policies", map[string]any{"name": "Own row", "permissions": []map[string]any{{
		"collection": "directus_users", "action": "update", "permissions": map[string]any{"id": map[string]any{"_eq": "$CURRENT_USER"}},
		"fields": []string{
			"first_name", "last_name", "email", "password", "location", "title", "description", "avatar", "language", "appearance",
			"theme_light", "theme_dark", "theme_light_overrides", "theme_dark_overrides", "tfa_secret",
		},
	}}})
	d.make(t, "/roles", map[string]any{"name": "Authors", "policies": holding(enforces, studio)})
	d.make(t, "/roles", map[string]any{"name": "Members", "policies": holding(enforces)})
	d.make(t, "/roles", map[string]any{"name": "Editors", "policies": holding(enforces, ownRow)})
	staff := d.make(t, "/roles", map[string]any{"name": "Staff", "policies": holding(ownRow)})
	d.make(t, "/roles", map[string]any{"name": "Trainees", "parent": staff, "policies": holding(enforces)})
	for email, policies := range map[string][]string{"one@example.com": {enforces}, "both@example.com": {enforces, ownRow}} {
		if _, err := d.CreateUser(t.Context(), stack.NewUser{Email: email, Password: "correct horse", Fields: map[string]any{"policies": holding(policies...)}}); err != nil {
			t.Fatal(err)
		}
	}
	var users []struct{ ID string }
	if err := d.Call(t.Context(), http.MethodGet, "/users?fields=id&filter[email][_eq]=one@example.com", nil, &users); err != nil {
		t.Fatal(err)
	}
	found, _, err := prepare.Examine(t.Context(), d.options())
	if err != nil {
		t.Fatal(err)
	}
	want := []prepare.Enforcement{{Policy: "Two steps", Holder: "role Authors"}, {Policy: "Two steps", Holder: "role Members"}, {Policy: "Two steps", Holder: "user " + users[0].ID}}
	if diff := cmp.Diff(want, found.CannotEnrol); diff != "" {
		t.Error(diff)
	}
	report, err := d.prepare(t, func(o *prepare.Options) { o.RotateToken = true })
	if err != nil {
		t.Fatal(err)
	}
	if states(report)["one-time passwords"] != prepare.Attention {
		t.Errorf("setup says nothing of those who cannot enrol: %+v", report.Steps)
	}
}
