package allow_test

import (
	"encoding/json"
	"strings"
	"testing"

	"gatehouse/provider/allow"
)

func TestFiltersThatAreTaken(t *testing.T) {
	for _, filter := range []string{
		`{"title":{"_eq":"Editor"}}`,
		`{"role":{"name":{"_in":["Editor","Author"]}}}`,
		`{"_or":[{"customer":{"plan":{"_eq":"gold"}}},{"_and":[{"title":{"_nnull":true}},{"year(hired)":{"_gte":2020}}]}]}`,
		`{"memberships":{"_some":{"team":{"_eq":7}}}}`,
		`{"count(orders)":{"_gt":0},"last_access":{"_gt":"$NOW(-1 year)"}}`,
		`{"blocks":{"item:pages":{"id":{"_eq":1}}}}`,
		`{"blocks":{"_none":{"_or":[{"item:pages":{"id":{"_eq":1}}},{"sort":{"_lt":3}}]}}}`,
		`{"title":{"_or":[{"_eq":"Editor"},{"_null":true}]}}`,
		`{"keys":{"_and":[{"_some":{"opens":{"_eq":"Oslo"}}},{"_none":{"lost":{"_eq":true}}}]}}`,
		`{"newsletter":{"_eq":true},"price":{"_between":[1,2.50]}}`,
		`{"title":{"_contains":"US$"}}`,
	} {
		checked, err := allow.CheckFilter(json.RawMessage(filter))
		if err != nil {
			t.Errorf("%s: %v", filter, err)
			continue
		}
		again, err := allow.CheckFilter(checked)
		if err != nil || string(again) != string(checked) {
			t.Errorf("%s became %s, which becomes %s (%v)", filter, checked, again, err)
		}
	}
}

func TestFiltersThatAreRefused(t *testing.T) {
	deep := strings.Repeat(`{"role":`, 20) + `{"_eq":1}` + strings.Repeat(`}`, 20)
	for _, test := range []struct{ filter, why string }{
		{``, "not JSON"},
		{`{"title":`, "not JSON"},
		{`{"title":{"_eq":"x"}} {}`, "behind its value"},
		{`"title"`, "not an object"},
		{`[]`, "not an object"},
		{`null`, "not an object"},
		{`{}`, "would allow everybody"},
		{`{"title":{}}`, "would allow everybody"},
		{`{"role":{"policies":{"_none":{}}}}`, "would allow everybody"},
		{`{"_and":[]}`, "at least one filter"},
		{`{"_or":[]}`, "at least one filter"},
		{`{"_or":[{}]}`, "would allow everybody"},
		{`{"_and":{"title":{"_eq":"x"}}}`, "at least one filter"},
		// Each of these picks every user: seen on 12.4.0 and 11.17.4.
		{`{"tags":{"_some":{"_eq":"vip"}}}`, "would allow everybody"},
		{`{"tags":{"_none":{"_or":[{"_eq":"vip"}]}}}`, "would allow everybody"},
		{`{"_some":{"title":{"_eq":"x"}}}`, "would allow everybody"},
		{`{"_and":[{"_none":{"title":{"_eq":"x"}}}]}`, "would allow everybody"},
		{`{"keys":{"_some":{"_some":{"opens":{"_eq":"x"}}}}}`, "would allow everybody"},
		{`{"count(tags)":{"_some":{"_eq":"vip"}}}`, "would allow everybody"},
		{`{"year(last_access)":{"title":{"_eq":"x"}}}`, "would allow everybody"},
		{`{"year(last_access)":{"_or":[{"title":{"_eq":"x"}}]}}`, "would allow everybody"},
		{`{"tags:directus_users":{"title":{"_eq":"x"}}}`, "would allow everybody"},
		{`{"_eq":"x"}`, "behind a field"},
		{`{"_or":[{"_null":true}]}`, "behind a field"},
		{`{"title":"x"}`, "has no operator"},
		{`{"title":["x"]}`, "has no operator"},
		{`{"title":{"_eq":null}}`, "_null"},
		{`{"title":{"_eq":{"a":1}}}`, "a text, a number"},
		{`{"title":{"_in":[]}}`, "list of values"},
		{`{"title":{"_in":"a,b"}}`, "list of values"},
		{`{"title":{"_in":[null]}}`, "_null"},
		{`{"title":{"_null":false}}`, "true only"},
		{`{"title":{"_null":"true"}}`, "true only"},
		{`{"title":{"_matches":"x"}}`, "no operator"},
		{`{"_not":{"title":{"_eq":"x"}}}`, "no operator"},
		{`{"title":{"_eq":"a"},"title":{"_eq":"b"}}`, "twice"},
		{`{"first name":{"_eq":"x"}}`, "not the name of a field"},
		{`{"role.name":{"_eq":"x"}}`, "not the name of a field"},
		{`{"$FOLLOW(orders,user)":{"id":{"_eq":1}}}`, "not the name of a field"},
		{`{"sleep(title)":{"_eq":1}}`, "not the name of a field"},
		{`{"id":{"_eq":"$CURRENT_USER"}}`, "service token"},
		{`{"role":{"_in":["x","$CURRENT_ROLES"]}}`, "service token"},
		{`{"id":{"_eq":"$CURRENT_USER.role"}}`, "service token"},
		{`{"id":{"_eq":"$NOWHERE"}}`, "service token"},
		{`{"password":{"_starts_with":"a"}}`, "secret"},
		{`{"tfa_secret":{"_null":true}}`, "secret"},
		{`{"Token":{"_null":true}}`, "secret"},
		{`{"role":{"users":{"auth_data":{"_null":true}}}}`, "secret"},
		{`{"manager":{"_some":{"token":{"_contains":"a"}}}}`, "secret"},
		{`{"count(password)":{"_gt":1}}`, "secret"},
		{deep, "nested"},
		{`{"title":{"_in":["` + strings.Repeat(`a","`, 400) + `"]}}`, "parts"},
		{`{"title":{"_eq":"` + strings.Repeat("a", 9000) + `"}}`, "longer"},
	} {
		checked, err := allow.CheckFilter(json.RawMessage(test.filter))
		if err == nil || !strings.Contains(err.Error(), test.why) {
			t.Errorf("%.80s: %s, %v; want %q", test.filter, checked, err, test.why)
		}
	}
}

// What is taken is JSON of an object with something in it, and is taken again.
func FuzzCheckFilter(f *testing.F) {
	f.Add(`{"title":{"_eq":"Editor"}}`)
	f.Add(`{"_or":[{"a":{"_in":[1]}},{"count(b)":{"_null":true}}]}`)
	f.Add(`{"role":{"users":{"token":{"_eq":"$CURRENT_USER"}}}}`)
	f.Fuzz(func(t *testing.T, text string) {
		checked, err := allow.CheckFilter(json.RawMessage(text))
		if err != nil {
			return
		}
		var object map[string]any
		if json.Unmarshal(checked, &object) != nil || len(object) == 0 {
			t.Fatalf("%q became %s", text, checked)
		}
		if strings.Contains(string(checked), `"password":`) {
			t.Fatalf("%q became %s", text, checked)
		}
		if _, err := allow.CheckFilter(checked); err != nil {
			t.Fatalf("%q became %s: %v", text, checked, err)
		}
	})
}

func TestPathsOfFilters(t *testing.T) {
	for filter, want := range map[string]string{
		`{"title":{"_eq":"x"}}`:                                                    "",
		`{"customer":{"_null":true}}`:                                              "",
		`{"customer":{"plan":{"_eq":"x","_neq":"y"}}}`:                             "customer.plan",
		`{"count(orders)":{"_gt":0}}`:                                              "orders",
		`{"year(hired)":{"_gt":2020}}`:                                             "",
		`{"role":{"year(since)":{"_gt":2020}}}`:                                    "role.since",
		`{"teams":{"_some":{"team":{"id":{"_eq":1}}}}}`:                            "teams.team.id",
		`{"_or":[{"a":{"b":{"_eq":1}}},{"_and":[{"a":{"c":{"d":{"_in":[1]}}}}]}]}`: "a.b a.c.d",
		`{"parts":{"item:pages":{"id":{"_eq":1}}}}`:                                "parts.item.id",
		`nonsense`: "",
	} {
		if got := strings.Join(allow.Paths(json.RawMessage(filter)), " "); got != want {
			t.Errorf("%s: %q, want %q", filter, got, want)
		}
	}
}
