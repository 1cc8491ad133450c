package doctor_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"gatehouse/cmd/gatehouse/doctor"
	"gatehouse/storage"
	"gatehouse/storage/directus"
)

// ruleTrial is a Directus with two roles of one name.
type ruleTrial struct{ refuses error }

func (r ruleTrial) Matches(context.Context, string, json.RawMessage) (bool, error) {
	return false, r.refuses
}

func (ruleTrial) RoleNames(context.Context) ([]storage.NamedRole, error) {
	return []storage.NamedRole{{ID: "r1", Name: "Editor"}, {ID: "r2", Name: "Twin"}, {ID: "r3", Name: "Twin"}}, nil
}

func (ruleTrial) PolicyNames(context.Context) ([]storage.NamedPolicy, error) {
	return []storage.NamedPolicy{{ID: "p1", Name: "Publishes"}}, nil
}

func TestClientRules(t *testing.T) {
	filter := json.RawMessage(`{"title":{"_eq":"x"}}`)
	for _, test := range []struct {
		name    string
		client  storage.Client
		refuses error
		want    string
	}{
		{"no rule", storage.Client{ID: "a"}, nil, ""},
		{"good", storage.Client{ID: "a", Allow: storage.ClientAllow{Roles: []string{"Editor", "r2"}, Policies: []string{"p1"}, Filter: filter}}, nil, "ok understands the rules of 1 client"},
		{"unknown field", storage.Client{ID: "a", Allow: storage.ClientAllow{Filter: filter}}, storage.ErrForbidden, "error names a field that does not exist"},
		{"refused filter", storage.Client{ID: "a", Allow: storage.ClientAllow{Filter: filter}}, storage.ErrMalformed, "error refuses allow.filter"},
		{"outage", storage.Client{ID: "a", Allow: storage.ClientAllow{Filter: filter}}, storage.ErrUnavailable, "warning could not be tried"},
		{
			"right missing",
			storage.Client{ID: "a", Allow: storage.ClientAllow{Filter: filter}},
			fmt.Errorf("%w: %w", storage.ErrUnavailable, directus.ErrServiceToken),
			"error the service token may not read what the rules ask for",
		},
		{"unknown role", storage.Client{ID: "a", Allow: storage.ClientAllow{Roles: []string{"Nobody"}}}, nil, `error there is no role "Nobody"`},
		{"unknown role of a scope", storage.Client{ID: "a", ScopeRoles: map[string][]string{"phone": {"Nobody"}}}, nil, `error there is no role "Nobody"`},
		{"two roles", storage.Client{ID: "a", Allow: storage.ClientAllow{Roles: []string{"Twin"}}}, nil, `warning 2 of Directus answer to the role "Twin"`},
		{"unknown policy", storage.Client{ID: "a", Allow: storage.ClientAllow{Policies: []string{"Editor"}}}, nil, `error there is no policy "Editor"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			findings := doctor.ClientRules(t.Context(), ruleTrial{test.refuses}, []storage.Client{test.client}, nil)
			if test.want == "" {
				if len(findings) != 0 {
					t.Errorf("found %+v", findings)
				}
				return
			}
			severity, words, _ := strings.Cut(test.want, " ")
			if len(findings) != 1 || findings[0].Severity.String() != severity || !strings.Contains(findings[0].Detail, words) {
				t.Fatalf("found %+v, want %s", findings, test.want)
			}
			if severity != "ok" && findings[0].Fix == "" {
				t.Error("it says not what to do")
			}
			if errors.Is(test.refuses, directus.ErrServiceToken) && !strings.Contains(findings[0].Fix, "gatehouse setup") {
				t.Errorf("its remedy is %q", findings[0].Fix)
			}
		})
	}
}

// Setup grants nothing for clients that it does not see.
func TestClientRulesOfTheStore(t *testing.T) {
	client := storage.Client{ID: "a", Allow: storage.ClientAllow{Filter: json.RawMessage(`{"title":{"_eq":"x"}}`)}}
	refused := ruleTrial{fmt.Errorf("%w: %w", storage.ErrUnavailable, directus.ErrServiceToken)}
	findings := doctor.ClientRules(t.Context(), refused, nil, []storage.Client{client})
	if len(findings) != 1 || findings[0].Severity != doctor.Error || !strings.Contains(findings[0].Fix, `a policy of your own on the user "Gatehouse service"`) {
		t.Errorf("found %+v", findings)
	}
}
