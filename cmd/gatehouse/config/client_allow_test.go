package config_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const closedClient = minimal + "clients:\n  - client_id: desk\n    token_endpoint_auth_method: none\n    redirect_uris: ['https://desk.example/cb']\n"

func TestLoadAllow(t *testing.T) {
	for name, text := range map[string]string{
		"tree": `    allow:
      roles: [Editor, 00000000-0000-4000-8000-0000000000e0]
      policies: Publishes
      filter:
        _and:
          - title: {_eq: Editor}
          - hired: {_gt: 2020-01-01}
          - newsletter: {_eq: true}
          - team: {id: {_in: [1, 2]}}
    scope_roles: {phone: Editor, offline_access: [Editor, Author]}
`,
		"JSON": `    allow:
      roles: [Editor, 00000000-0000-4000-8000-0000000000e0]
      policies: [Publishes]
      filter: '{"_and":[{"title":{"_eq":"Editor"}},{"hired":{"_gt":"2020-01-01"}},{"newsletter":{"_eq":true}},{"team":{"id":{"_in":[1,2]}}}]}'
    scope_roles: {phone: [Editor], offline_access: [Editor, Author]}
`,
	} {
		t.Run(name, func(t *testing.T) {
			loaded, _, err := load(t, closedClient+text, nil)
			if err != nil {
				t.Fatal(err)
			}
			client := loaded.Clients[0]
			const filter = `{"_and":[{"title":{"_eq":"Editor"}},{"hired":{"_gt":"2020-01-01"}},{"newsletter":{"_eq":true}},{"team":{"id":{"_in":[1,2]}}}]}`
			if string(client.Allow.Filter) != filter {
				t.Errorf("the filter is %s", client.Allow.Filter)
			}
			got := []any{client.Allow.Roles, client.Allow.Policies, client.ScopeRoles}
			want := []any{
				[]string{"Editor", "00000000-0000-4000-8000-0000000000e0"},
				[]string{"Publishes"},
				map[string][]string{"phone": {"Editor"}, "offline_access": {"Editor", "Author"}},
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("rule (-want +got):\n%s", diff)
			}
			var shown strings.Builder
			if err := loaded.Show(&shown); err != nil {
				t.Fatal(err)
			}
			for _, line := range []string{"allow.roles: [Editor", "allow.policies: [Publishes]", "allow.filter: '" + filter, "offline_access: [Editor, Author]"} {
				if !strings.Contains(shown.String(), line) {
					t.Errorf("config show lacks %q:\n%s", line, shown.String())
				}
			}
		})
	}
}

func TestLoadRefusesRules(t *testing.T) {
	for _, test := range []struct{ text, words string }{
		{"    allow:\n", "gatehouse.yaml:7: clients[0].allow: is empty, which lets everybody in"},
		{"    allow: {}\n", "clients[0].allow: is empty"},
		{"    allow: {roles: []}\n", "gatehouse.yaml:7: clients[0].allow.roles: is empty, which lets everybody in; say who may, or remove the key"},
		{"    allow: {roles: ['']}\n", "clients[0].allow.roles: holds an empty entry"},
		{"    allow: {policies: [a, a]}\n", `clients[0].allow.policies: "a" stands there twice`},
		{"    allow:\n      filter:\n", "gatehouse.yaml:8: clients[0].allow.filter: is not JSON"},
		{"    allow:\n      filter: {}\n", "gatehouse.yaml:8: clients[0].allow.filter: is empty and would allow everybody"},
		{"    allow: {filter: '{\"title\":'}\n", "clients[0].allow.filter: is not JSON"},
		{"    allow: {filter: {title: Editor}}\n", `title has no operator; write {"title": {"_eq": …}}`},
		{"    allow: {filter: {id: {_eq: $CURRENT_USER}}}\n", "would be that of the service token"},
		{"    allow: {filter: {role: {users: {password: {_nnull: true}}}}}\n", "password holds a secret"},
		{"    allow: {filter: {title: {_eq: .inf}}}\n", "is no number in JSON"},
		{"    allow: {filter: {title: &a {_eq: x}, first_name: *a}}\n", "alias (*a), which is not supported"},
		{"    allow: {filter: {title: {_eq: x}, title: {_eq: y}}}\n", "names something twice"},
		{"    allow: {rules: [x]}\n", "clients[0].allow.rules: unknown key; did you mean allow.roles?"},
		{"    scope_roles: [phone]\n", "clients[0].scope_roles: is a list; write a mapping of scopes to lists of roles"},
		{"    scope_roles: {openid: [Editor]}\n", "gatehouse.yaml:7: clients[0].scope_roles: openid cannot be kept from anybody"},
		{"    scope_roles: {phone: []}\n", `clients[0].scope_roles: "phone" has no role`},
		{"    scope: openid email\n    scope_roles: {phone: [Editor]}\n", `clients[0].scope_roles: "phone" is not among the scopes of the client`},
	} {
		_, _, err := load(t, closedClient+test.text, nil)
		if err == nil || !strings.Contains(err.Error(), test.words) {
			t.Errorf("%s is answered\n%v\nwant %s", test.text, err, test.words)
		}
	}
}
