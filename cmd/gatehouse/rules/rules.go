// Package rules compares the settings of Directus that only administrators read
// with what the configuration repeats of them. gatehouse setup writes what differs,
// gatehouse doctor names it.
package rules

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"gatehouse/cmd/gatehouse/addresses"
	"gatehouse/cmd/gatehouse/passwords"
	"gatehouse/storage/directus/prepare"
)

// The keys of the configuration that repeat a setting of Directus.
const (
	PasswordPolicy = "directus.password_policy"
	EmailFilter    = "directus.email_filter"
	AttemptsLimit  = "directus.attempts_limit"
	EnforceTFA     = "directus.enforce_tfa"
)

// Difference is a key that says something else than Directus. Both values are as
// YAML has them, in one line.
type Difference struct{ Key, Here, InDirectus string }

// Compare names the keys that say something else here than in Directus, in order.
func Compare(here, inDirectus prepare.Rules) []Difference {
	var found []Difference
	add := func(same bool, key, here, there string) {
		if !same {
			found = append(found, Difference{key, here, there})
		}
	}
	add(passwords.Same(here.PasswordPolicy, inDirectus.PasswordPolicy), PasswordPolicy, policy(here), policy(inDirectus))
	add(addresses.Same(here.EmailFilter, inDirectus.EmailFilter), EmailFilter, filter(here), filter(inDirectus))
	add(here.AttemptsLimit == inDirectus.AttemptsLimit, AttemptsLimit, strconv.Itoa(here.AttemptsLimit), strconv.Itoa(inDirectus.AttemptsLimit))
	add(slices.Equal(slices.Sorted(slices.Values(here.EnforceTFA)), inDirectus.EnforceTFA), EnforceTFA, names(here), names(inDirectus))
	return found
}

func policy(r prepare.Rules) string {
	name := passwords.Name(r.PasswordPolicy)
	if name == passwords.None || name == passwords.Weak || name == passwords.Strong {
		return name
	}
	return quoted(name)
}

func filter(r prepare.Rules) string {
	name := addresses.Name(r.EmailFilter)
	if name == addresses.None {
		return name
	}
	return quoted(name)
}

func names(r prepare.Rules) string {
	all := make([]string, len(r.EnforceTFA))
	for i, name := range r.EnforceTFA {
		all[i] = quoted(name)
	}
	return "[" + strings.Join(all, ", ") + "]"
}

// quoted writes a text as YAML has it in one line, whatever is in it.
func quoted(text string) string {
	if strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || r == '\ufeff' }) {
		if raw, err := json.Marshal(text); err == nil { // a text always can be written
			return string(raw)
		}
	}
	return "'" + strings.ReplaceAll(text, "'", "''") + "'"
}
