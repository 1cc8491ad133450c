package prepare_test

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/e2e/stack"
	"gatehouse/storage"
	"gatehouse/storage/directus"
	"gatehouse/storage/directus/prepare"
)

// versionVariable chooses another Directus than the current one.
const versionVariable = "GATEHOUSE_TEST_DIRECTUS"

// The steps build on one another: one Directus is prepared from nothing, looked
// at, disturbed and prepared again.
func TestPrepare(t *testing.T) {
	t.Parallel()
	d := &server{stack.DirectusForTest(t, stack.DirectusOptions{Version: os.Getenv(versionVariable)})}
	var token storage.Secret
	for _, step := range []struct {
		name string
		run  func(t *testing.T)
	}{
		{"wrong password", func(t *testing.T) { d.refusesAdministrators(t) }},
		{"dry run writes nothing", func(t *testing.T) { d.dryRunWritesNothing(t, "") }},
		{"first run", func(t *testing.T) { token = d.firstRun(t) }},
		{"the token may only read", func(t *testing.T) { d.tokenMayOnlyRead(t, token) }},
		{"second run keeps everything", func(t *testing.T) { d.secondRunKeepsEverything(t, token) }},
		{"dry run after", func(t *testing.T) { d.dryRunWritesNothing(t, token) }},
		{"token not given", func(t *testing.T) { d.tokenIsNotReplacedUnasked(t) }},
		{"repairs", func(t *testing.T) { d.repairs(t, token) }},
		{"rotate", func(t *testing.T) { d.rotate(t, token) }},
		{"excess is taken away", func(t *testing.T) { d.excessIsTakenAway(t) }},
		{"further rights come and go", func(t *testing.T) { d.furtherRights(t) }},
		{"customer role of administrators", func(t *testing.T) { d.customerRoleOfAdministrators(t) }},
	} {
		if !t.Run(step.name, step.run) { //nolint:paralleltest // each goes on where the last one ended
			return
		}
	}
}

type server struct{ *stack.Directus }

func (d *server) options(change ...func(*prepare.Options)) prepare.Options {
	options := prepare.Options{
		BaseURL: d.URL, AdminEmail: d.AdminEmail, AdminPassword: storage.Secret(d.AdminPassword), Random: rand.Reader,
		Registration: &prepare.Registration{Open: true, VerifyEmail: true}, AttemptsOff: true,
		ResetURL: "https://id.example.com/reset", VerifyURL: "https://id.example.com/verify",
		InviteURL: "https://id.example.com/invite", GatehouseAddress: "192.0.2.1",
	}
	for _, c := range change {
		c(&options)
	}
	return options
}

// prepare runs and makes sure that the administrator's session is gone after.
func (d *server) prepare(t *testing.T, change ...func(*prepare.Options)) (prepare.Report, error) {
	t.Helper()
	report, err := prepare.Prepare(t.Context(), d.options(change...))
	count, queryErr := d.Postgres.Query(t.Context(), "directus", "SELECT count(*) FROM directus_sessions")
	if queryErr != nil {
		t.Fatal(queryErr)
	}
	if strings.TrimSpace(count) != "0" {
		t.Errorf("%s Directus sessions left by the run", count)
	}
	return report, err
}

// dump is everything that a run may write, without what a mere sign-in changes.
func (d *server) dump(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, query := range []string{"/policies?limit=-1", "/permissions?limit=-1", "/users?limit=-1", "/roles?limit=-1", "/access?limit=-1", "/settings"} {
		var data any
		if err := d.Call(t.Context(), http.MethodGet, query, nil, &data); err != nil {
			if d.isTen() {
				continue // no policies there
			}
			t.Fatal(err)
		}
		if rows, ok := data.([]any); ok {
			for _, row := range rows {
				if fields, ok := row.(map[string]any); ok {
					delete(fields, "last_access")
				}
			}
		}
		text, err := json.MarshalIndent(data, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&all, "%s\n%s\n", query, text)
	}
	return all.String()
}

func (d *server) isTen() bool { return strings.HasPrefix(d.Version, "10.") }

func states(report prepare.Report) map[string]prepare.State {
	found := map[string]prepare.State{}
	for _, step := range report.Steps {
		if found[step.Name] != prepare.Attention {
			found[step.Name] = step.State
		}
	}
	return found
}

var names = []string{"service policy", "read directus_users", "read directus_roles", "service user", "service token", "customer role", "settings"}

func all(state prepare.State) map[string]prepare.State {
	want := map[string]prepare.State{}
	for _, name := range names {
		want[name] = state
	}
	return want
}

func (d *server) refusesAdministrators(t *testing.T) {
	_, err := d.prepare(t, func(o *prepare.Options) { o.AdminPassword = "wrong" })
	if !errors.Is(err, storage.ErrInvalidCredentials) {
		t.Errorf("error %v, want %v", err, storage.ErrInvalidCredentials)
	}
	if _, err := d.CreateUser(t.Context(), stack.NewUser{Email: "plain@example.com", Password: "plain password"}); err != nil {
		t.Fatal(err)
	}
	_, err = d.prepare(t, func(o *prepare.Options) { o.AdminEmail, o.AdminPassword = "plain@example.com", "plain password" })
	if !errors.Is(err, prepare.ErrNotAdministrator) {
		t.Errorf("error %v, want %v", err, prepare.ErrNotAdministrator)
	}
}

func (d *server) dryRunWritesNothing(t *testing.T, token storage.Secret) {
	before := d.dump(t)
	report, err := d.prepare(t, func(o *prepare.Options) { o.DryRun, o.Token = true, token })
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, d.dump(t)); diff != "" {
		t.Errorf("a dry run wrote:\n%s", diff)
	}
	want := all(prepare.WouldDo)
	if token != "" {
		want = all(prepare.Kept)
	}
	if diff := cmp.Diff(want, states(report)); diff != "" {
		t.Error(diff)
	}
	if report.Token != token || report.TokenIsNew {
		t.Error("a dry run made a token")
	}
}

func (d *server) firstRun(t *testing.T) storage.Secret {
	report, err := d.prepare(t)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(all(prepare.Done), states(report)); diff != "" {
		t.Error(diff)
	}
	if !report.TokenIsNew || len(report.Token.Reveal()) != 43 {
		t.Errorf("token is new: %v, has %d characters", report.TokenIsNew, len(report.Token.Reveal()))
	}
	if !d.isTen() && report.Version != d.Version {
		t.Errorf("version %q, want %q", report.Version, d.Version)
	}
	want := []prepare.Variable{
		{Name: "PASSWORD_RESET_URL_ALLOW_LIST", Value: "https://id.example.com/reset"},
		{Name: "USER_REGISTER_URL_ALLOW_LIST", Value: "https://id.example.com/verify"},
		{Name: "USER_INVITE_URL_ALLOW_LIST", Value: "https://id.example.com/invite"},
		{Name: "IP_TRUST_PROXY", Value: "192.0.2.1"},
	}
	if diff := cmp.Diff(want, report.Environment); diff != "" {
		t.Error(diff)
	}
	var settings map[string]any
	fields := "public_registration,public_registration_verify_email,public_registration_role,auth_login_attempts"
	if err := d.Call(t.Context(), http.MethodGet, "/settings?fields="+fields, nil, &settings); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]any{
		"public_registration": true, "public_registration_verify_email": true,
		"public_registration_role": report.CustomerRole, "auth_login_attempts": nil,
	}, settings); diff != "" {
		t.Error(diff)
	}
	return report.Token
}

func (d *server) client(t *testing.T, token storage.Secret) *directus.Client {
	t.Helper()
	client, err := directus.New(directus.Config{BaseURL: d.URL, ServiceToken: token, Now: time.Now, Random: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func (d *server) tokenMayOnlyRead(t *testing.T, token storage.Secret) {
	rights, err := d.client(t, token).TokenRights(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := directus.TokenRights{
		Valid: directus.Yes, UserID: rights.UserID, Admin: directus.No, AppAccess: directus.No,
		ReadsUsers: directus.Yes, ReadsRoles: directus.Yes, ReadsEveryUser: directus.Yes, WritesKnown: true,
		ReadsKnown: true, Reads: []string{"directus_roles", "directus_users"},
	}
	if d.isTen() {
		want.ReadsEveryUser, want.WritesKnown, want.ReadsKnown, want.Reads = directus.Unknown, false, false, nil
	}
	if diff := cmp.Diff(want, rights); diff != "" {
		t.Error(diff)
	}
	for _, request := range []struct{ method, path, body string }{
		{http.MethodPatch, "/users/" + rights.UserID, `{"title":"x"}`},
		{http.MethodPatch, "/users/me", `{"title":"x"}`},
		{http.MethodPost, "/users", `{"email":"new@example.com"}`},
		{http.MethodDelete, "/users/" + rights.UserID, ""},
		{http.MethodGet, "/settings", ""},
		{http.MethodPatch, "/settings", `{"project_name":"x"}`},
		{http.MethodGet, "/permissions", ""},
		{http.MethodGet, "/activity", ""},
		{http.MethodGet, "/files", ""},
	} {
		if status := d.status(t, token, request.method, request.path, request.body); status != http.StatusForbidden {
			t.Errorf("%s %s with the service token: %d, want 403", request.method, request.path, status)
		}
	}
}

func (d *server) status(t *testing.T, token storage.Secret, method, path, body string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, d.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token.Reveal())
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	return response.StatusCode
}

func (d *server) secondRunKeepsEverything(t *testing.T, token storage.Secret) {
	before := d.dump(t)
	report, err := d.prepare(t, func(o *prepare.Options) { o.Token = token })
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(all(prepare.Kept), states(report)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(before, d.dump(t)); diff != "" {
		t.Errorf("the second run wrote:\n%s", diff)
	}
	if report.Token != token || report.TokenIsNew {
		t.Error("the second run replaced the token")
	}
}

func (d *server) tokenIsNotReplacedUnasked(t *testing.T) {
	before := d.dump(t)
	for name, test := range map[string]struct {
		token storage.Secret
		want  error
	}{
		"none given":    {"", prepare.ErrTokenUnknown},
		"invalid given": {"no such token", prepare.ErrTokenUnknown},
		"administrator": {storage.Secret(d.AdminToken), prepare.ErrTokenForeign},
	} {
		if _, err := d.prepare(t, func(o *prepare.Options) { o.Token = test.token }); !errors.Is(err, test.want) {
			t.Errorf("%s: error %v, want %v", name, err, test.want)
		}
	}
	if diff := cmp.Diff(before, d.dump(t)); diff != "" {
		t.Errorf("written all the same:\n%s", diff)
	}
}

// repairs disturbs what the first run made.
func (d *server) repairs(t *testing.T, token storage.Secret) {
	rights, path := "/policies", "policy"
	if d.isTen() {
		rights, path = "/roles", "role"
	}
	id := d.find(t, rights, "name", prepare.ServiceName)
	permission := d.find(t, "/permissions", path, id)
	user := d.find(t, "/users", "first_name", prepare.ServiceName)
	if err := d.Call(t.Context(), http.MethodDelete, "/permissions/"+permission, nil, nil); err != nil {
		t.Fatal(err)
	}
	if err := d.Call(t.Context(), http.MethodPatch, "/users/"+user, map[string]any{"status": "suspended"}, nil); err != nil {
		t.Fatal(err)
	}
	if err := d.Call(t.Context(), http.MethodPatch, rights+"/"+id, map[string]any{"app_access": true}, nil); err != nil {
		t.Fatal(err)
	}
	if err := d.Call(t.Context(), http.MethodPatch, "/settings", map[string]any{"public_registration": false}, nil); err != nil {
		t.Fatal(err)
	}
	report, err := d.prepare(t, func(o *prepare.Options) { o.Token = token })
	if err != nil {
		t.Fatal(err)
	}
	got := states(report)
	for _, name := range []string{"service policy", "service user", "settings"} {
		if got[name] != prepare.Done {
			t.Errorf("%s: %s, want %s", name, got[name], prepare.Done)
		}
	}
	if got["read directus_users"] == got["read directus_roles"] {
		t.Errorf("%v: want one permission granted and one kept", got)
	}
	d.tokenMayOnlyRead(t, token)
}

func (d *server) find(t *testing.T, path, column, value string) string {
	t.Helper()
	var rows []map[string]any
	query := fmt.Sprintf("%s?limit=-1&filter[%s][_eq]=%s", path, column, strings.ReplaceAll(value, " ", "%20"))
	if err := d.Call(t.Context(), http.MethodGet, query, nil, &rows); err != nil {
		t.Fatal(err)
	}
	if len(rows) == 0 || rows[0]["id"] == nil {
		t.Fatalf("%s: no row has %s %q", path, column, value)
	}
	return fmt.Sprint(rows[0]["id"])
}

func (d *server) rotate(t *testing.T, old storage.Secret) {
	report, err := d.prepare(t, func(o *prepare.Options) { o.RotateToken = true })
	if err != nil {
		t.Fatal(err)
	}
	if report.Token == old || !report.TokenIsNew || states(report)["service token"] != prepare.Done {
		t.Errorf("token was not replaced: %v", states(report))
	}
	rights, err := d.client(t, old).TokenRights(t.Context())
	if err != nil || rights.Valid != directus.No {
		t.Errorf("the old token is valid: %v (%v)", rights.Valid, err)
	}
	d.tokenMayOnlyRead(t, report.Token)
}

func (d *server) excessIsTakenAway(t *testing.T) {
	path, key := "/policies", "policy"
	if d.isTen() {
		path, key = "/roles", "role"
	}
	err := d.Call(t.Context(), http.MethodPost, "/permissions", map[string]any{
		key: d.find(t, path, "name", prepare.ServiceName), "collection": "directus_users", "action": "update", "fields": []string{"*"},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	user := d.find(t, "/users", "first_name", prepare.ServiceName)
	err = d.Call(t.Context(), http.MethodPatch, "/users/"+user, map[string]any{"email": "service@example.com"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	report, err := d.prepare(t, func(o *prepare.Options) { o.RotateToken = true })
	if err != nil {
		t.Fatal(err)
	}
	got := states(report)
	if got["update directus_users"] != prepare.Done || got["service user"] != prepare.Attention {
		t.Errorf("%v", got)
	}
	rights, err := d.client(t, report.Token).TokenRights(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(rights.Writes) != 0 {
		t.Errorf("writes %v", rights.Writes)
	}
	d.tokenMayOnlyRead(t, report.Token)
}

func (d *server) customerRoleOfAdministrators(t *testing.T) {
	_, err := d.prepare(t, func(o *prepare.Options) { o.RotateToken, o.CustomerRole = true, "Administrator" })
	if !errors.Is(err, prepare.ErrCustomerRole) {
		t.Errorf("error %v, want %v", err, prepare.ErrCustomerRole)
	}
}
