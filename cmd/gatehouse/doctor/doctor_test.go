package doctor_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"gatehouse/cmd/gatehouse/doctor"
	"gatehouse/storage/directus"
	"gatehouse/storage/directus/prepare"
)

const issuer = "https://id.example.com"

// web answers by address.
type web map[string]string

func (w web) Do(r *http.Request) (*http.Response, error) {
	body, ok := w[r.URL.String()]
	if !ok {
		return nil, errors.New("connection refused")
	}
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(body))}, nil
}

type fakeDirectus struct {
	found directus.Inspection
	lists directus.AllowLists
}

func (f fakeDirectus) Inspect(context.Context) directus.Inspection { return f.found }

func (f fakeDirectus) AllowLists(context.Context, directus.URLs) (directus.AllowLists, error) {
	return f.lists, nil
}

func healthyDirectus() fakeDirectus {
	return fakeDirectus{
		found: directus.Inspection{
			Reachable: directus.Yes, Version: "12.4.0", ClockKnown: true, LocalLogin: directus.Yes,
			LoginAttempts: 25, LoginAttemptsKnown: true,
			Token: directus.TokenRights{Valid: directus.Yes, Admin: directus.No, AppAccess: directus.No, ReadsUsers: directus.Yes, ReadsRoles: directus.Yes, ReadsEveryUser: directus.Yes, WritesKnown: true, ReadsKnown: true, Reads: []string{"directus_roles", "directus_users"}},
		},
		lists: directus.AllowLists{Reset: directus.Yes, Verify: directus.Yes},
	}
}

func healthy() doctor.Patient {
	return doctor.Patient{
		Issuer: issuer, ReadyURL: "http://127.0.0.1:8080/readyz", Get: web{issuer + "/.well-known/openid-configuration": `{"issuer":"` + issuer + `"}`},
		Store:    func(context.Context) error { return nil },
		Keys:     func(context.Context) ([]string, error) { return []string{"RS256 one"}, nil },
		Directus: healthyDirectus(), DirectusURL: "https://directus.example.com", AttemptsLimit: 25, TrustsProxies: true,
		Pages: directus.URLs{Reset: issuer + "/reset-password", Verify: issuer + "/verify-email"}, Reads: prepare.BaseReads(),
	}
}

func TestHealthyInstallation(t *testing.T) {
	findings := doctor.Examine(t.Context(), healthy())
	if worst := doctor.Worst(findings); worst > doctor.Note {
		t.Errorf("got %v: %v", worst, findings)
	}
}

func TestFindings(t *testing.T) {
	change := func(do func(*directus.Inspection)) func(*doctor.Patient) {
		return func(p *doctor.Patient) {
			fake := healthyDirectus()
			do(&fake.found)
			p.Directus = fake
		}
	}
	for name, test := range map[string]struct {
		change   func(*doctor.Patient)
		severity doctor.Severity
		words    string
	}{
		"no gatehouse runs": {func(p *doctor.Patient) { p.Get = web{} }, doctor.Note, "no gatehouse runs here"},
		"issuer leads elsewhere": {func(p *doctor.Patient) {
			p.Get = web{"http://127.0.0.1:8080/readyz": "{}"}
		}, doctor.Error, "does not lead here"},
		"issuer with another name": {func(p *doctor.Patient) {
			p.Get = web{issuer + "/.well-known/openid-configuration": `{"issuer":"https://ID.example.com"}`}
		}, doctor.Error, `discovery says "https://ID.example.com"`},
		"something else at the issuer": {func(p *doctor.Patient) {
			p.Get = web{issuer + "/.well-known/openid-configuration": `<html>`}
		}, doctor.Error, "no JSON"},
		"store down": {func(p *doctor.Patient) {
			p.Store = func(context.Context) error { return errors.New("connection refused") }
		}, doctor.Error, "store: connection refused"},
		"keys that do not open": {func(p *doctor.Patient) {
			p.Keys = func(context.Context) ([]string, error) { return nil, errors.New("sealed value does not open") }
		}, doctor.Error, "signing keys: sealed value"},
		"no token":            {func(p *doctor.Patient) { p.Directus = nil }, doctor.Error, "Directus token: is not set"},
		"passwords in clear":  {func(p *doctor.Patient) { p.DirectusURL = "http://directus.example.com" }, doctor.Warning, "unencrypted"},
		"Directus down":       {change(func(i *directus.Inspection) { i.Reachable, i.Problem = directus.No, errors.New("refused") }), doctor.Error, "does not answer: refused"},
		"clock off":           {change(func(i *directus.Inspection) { i.ClockSkew = -2 * time.Minute }), doctor.Error, "differs from that of Directus by 2m"},
		"Directus 9":          {change(func(i *directus.Inspection) { i.Version = "9.26.0" }), doctor.Error, "is not supported"},
		"Directus 10":         {change(func(i *directus.Inspection) { i.Version = "10.13.4" }), doctor.Warning, "is old"},
		"licence locked":      {change(func(i *directus.Inspection) { i.License.Status = "locked" }), doctor.Error, "is locked"},
		"no local login":      {change(func(i *directus.Inspection) { i.LocalLogin = directus.No }), doctor.Error, "AUTH_DISABLE_DEFAULT"},
		"dead token":          {change(func(i *directus.Inspection) { i.Token.Valid = directus.No }), doctor.Error, "belongs to no active user"},
		"administrator":       {change(func(i *directus.Inspection) { i.Token.Admin = directus.Yes }), doctor.Error, "is an administrator's"},
		"token reads too few": {change(func(i *directus.Inspection) { i.Token.ReadsEveryUser = directus.No }), doctor.Error, "may not read every field"},
		"token writes":        {change(func(i *directus.Inspection) { i.Token.Writes = []string{"update directus_users"} }), doctor.Warning, "may do more than it needs: update directus_users"},
		"token takes a seat":  {change(func(i *directus.Inspection) { i.Token.AppAccess = directus.Yes }), doctor.Warning, "takes a seat"},
		"token lacks a right": {func(p *doctor.Patient) {
			p.Reads = append(p.Reads, prepare.Right{Collection: "directus_policies", Why: "the claim policies is made of it"})
		}, doctor.Error, "may not read directus_policies, which it needs since the claim policies"},
		"token reads more": {change(func(i *directus.Inspection) { i.Token.Reads = append(i.Token.Reads, "orders") }), doctor.Warning, "reads more than the configuration needs: orders"},
		"missing column":   {change(func(i *directus.Inspection) { i.MissingColumns = []string{"phone"} }), doctor.Error, "or may not be read: phone"},
		"another lock-out": {change(func(i *directus.Inspection) { i.LoginAttempts = 10 }), doctor.Error, "auth_login_attempts is 10, directus.attempts_limit 25"},
		"a later lock-out": {change(func(i *directus.Inspection) { i.LoginAttempts = 40 }), doctor.Note, "auth_login_attempts is 40, directus.attempts_limit 25"},
		"unknown lock-out": {change(func(i *directus.Inspection) { i.LoginAttemptsKnown = false }), doctor.Note, "is taken to be 25 attempts"},
		"page not allowed": {func(p *doctor.Patient) {
			fake := healthyDirectus()
			fake.lists.Reset = directus.No
			p.Directus = fake
		}, doctor.Warning, "no link to https://id.example.com/reset-password"},
	} {
		t.Run(name, func(t *testing.T) {
			patient := healthy()
			test.change(&patient)
			findings := doctor.Examine(t.Context(), patient)
			if worst := doctor.Worst(findings); worst != test.severity {
				t.Errorf("worst: got %v, want %v", worst, test.severity)
			}
			var printed bytes.Buffer
			doctor.Print(&printed, findings)
			if !strings.Contains(printed.String(), test.words) {
				t.Errorf("no word of %q in:\n%s", test.words, printed.String())
			}
			for _, finding := range findings {
				if finding.Severity >= doctor.Warning && finding.Fix == "" {
					t.Errorf("no fix for: %s: %s", finding.Subject, finding.Detail)
				}
			}
		})
	}
}
