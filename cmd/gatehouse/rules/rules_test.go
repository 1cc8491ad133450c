package rules_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"gatehouse/cmd/gatehouse/rules"
	"gatehouse/storage/directus/prepare"
)

func TestCompare(t *testing.T) {
	inDirectus := prepare.Rules{
		PasswordPolicy: `/^.{12,}'$/`, EmailFilter: `{"email":{"_eq":"it's"}}`, AttemptsLimit: 10, EnforceTFA: []string{"Editors", "Staff, EU"},
	}
	want := []rules.Difference{
		{rules.PasswordPolicy, "none", `'/^.{12,}''$/'`},
		{rules.EmailFilter, "none", `'{"email":{"_eq":"it''s"}}'`},
		{rules.AttemptsLimit, "25", "10"},
		{rules.EnforceTFA, "[]", "['Editors', 'Staff, EU']"},
	}
	if diff := cmp.Diff(want, rules.Compare(prepare.Rules{AttemptsLimit: 25}, inDirectus)); diff != "" {
		t.Errorf("differences (-want +got):\n%s", diff)
	}
	same := inDirectus
	same.EmailFilter, same.EnforceTFA = `{"email": {"_eq": "it's"}}`, []string{"Staff, EU", "Editors"}
	if found := rules.Compare(same, inDirectus); len(found) > 0 {
		t.Errorf("the same, written otherwise: %+v", found)
	}
	if found := rules.Compare(prepare.Rules{PasswordPolicy: "weak"}, prepare.Rules{PasswordPolicy: "/^.{8,}$/"}); len(found) > 0 {
		t.Errorf("the same by name: %+v", found)
	}
}

// What is written comes back, whatever is in it.
func TestValuesAreYAML(t *testing.T) {
	for _, policy := range []string{"/a\nb/", "/'\"\\/", "/\u2028/", "/\t#: - {/", "/😀/", "/a: b/", "/\x07/"} {
		found := rules.Compare(prepare.Rules{}, prepare.Rules{PasswordPolicy: policy})
		if len(found) != 1 {
			t.Fatalf("%q: %+v", policy, found)
		}
		var members map[string]string
		if err := yaml.Unmarshal([]byte("key: "+found[0].InDirectus+"\n"), &members); err != nil || members["key"] != policy {
			t.Errorf("%q became %q, %v", policy, members["key"], err)
		}
	}
}
