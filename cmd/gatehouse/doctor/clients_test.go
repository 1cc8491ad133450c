package doctor_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"gatehouse/cmd/gatehouse/doctor"
	"gatehouse/provider"
	"gatehouse/provider/clients"
	"gatehouse/storage"
	"gatehouse/storage/directus"
	"gatehouse/storage/directus/prepare"
)

func clientRow(id, status string) storage.ClientRow {
	row := storage.ClientRow{ID: id, Values: map[string]json.RawMessage{
		"status": json.RawMessage(`"` + status + `"`), "redirect_uris": json.RawMessage(`["https://app.example/cb"]`), "token_endpoint_auth_method": json.RawMessage(`"none"`),
	}}
	return row
}

func TestExamineClients(t *testing.T) {
	broken := clientRow("broken", "active")
	broken.Values["redirect_uris"] = json.RawMessage(`"no list"`)
	rows := func(all ...storage.ClientRow) func(context.Context) ([]clients.Row, error) {
		return func(context.Context) ([]clients.Row, error) {
			return clients.Judge(all, nil, provider.ClientRules(), func(string) string { return "" }), nil
		}
	}
	failing := func(err error) func(context.Context) ([]clients.Row, error) {
		return func(context.Context) ([]clients.Row, error) { return nil, err }
	}
	written := func(writers ...prepare.RowWriter) func(context.Context) (prepare.Examination, prepare.RoleAccess, error) {
		return func(context.Context) (prepare.Examination, prepare.RoleAccess, error) {
			return prepare.Examination{ClientWriters: writers}, prepare.RoleAccess{}, nil
		}
	}
	all := []string{"create", "update", "delete"}
	for name, test := range map[string]struct {
		change   func(*doctor.Patient)
		severity doctor.Severity
		words    string
	}{
		"well":      {func(p *doctor.Patient) { p.Clients.Rows = rows(clientRow("a", "active"), clientRow("b", "off")) }, doctor.OK, "1 active, 1 off"},
		"malformed": {func(p *doctor.Patient) { p.Clients.Rows = rows(clientRow("a", "active"), broken) }, doctor.Error, "broken is refused, and nobody can sign in at it: redirect_uris: must be a list of texts"},
		"not shown": {func(p *doctor.Patient) { p.Clients.Rows = failing(fmt.Errorf("x: %w", directus.ErrNoClients)) }, doctor.Error, "gatehouse setup --clients-collection gatehouse_clients"},
		"no answer": {func(p *doctor.Patient) { p.Clients.Rows = failing(errors.New("connection refused")) }, doctor.Error, "could not be read: connection refused"},
		"rights of nobody": {func(p *doctor.Patient) {
			p.Clients.Rows, p.Clients.Rights = rows(clientRow("a", "active")), []string{"a", "gone"}
		}, doctor.Warning, "gone has rights by the configuration"},
		"administrators": {func(p *doctor.Patient) {
			p.Clients.Rows, p.Examine = rows(), written(prepare.RowWriter{Name: "Administrator", Admin: true, Actions: all, Holders: []string{"role Administrator"}})
		}, doctor.Note, "may be changed by Administrator (create, update, delete): role Administrator"},
		"editors": {func(p *doctor.Patient) {
			p.Clients.Rows, p.Examine = rows(), written(prepare.RowWriter{Name: "Edits apps", Actions: []string{"update"}, Holders: []string{"role Editors"}})
		}, doctor.Warning, "Edits apps (update): role Editors: who may do that can sign in as anybody"},
		"everybody": {func(p *doctor.Patient) {
			p.Clients.Rows, p.Examine = rows(), written(prepare.RowWriter{Name: "Public", Actions: all, Public: true})
		}, doctor.Error, "EVERYBODY, without signing in: any stranger"},
	} {
		t.Run(name, func(t *testing.T) {
			patient := registering(func(p *doctor.Patient, _ *directus.Inspection) {
				p.Accounts.RegistrationOff = true
				p.Clients.Collection = "gatehouse_clients"
				test.change(p)
			})
			findings := doctor.Examine(t.Context(), patient)
			var out bytes.Buffer
			doctor.Print(&out, findings)
			if !strings.Contains(out.String(), test.words) {
				t.Errorf("no %q among:\n%s", test.words, out.String())
			}
			if worst := doctor.Worst(findings); worst != max(test.severity, doctor.Note) {
				t.Errorf("worst is %s, want %s:\n%s", worst, test.severity, out.String())
			}
		})
	}
}
