package doctor

import (
	"slices"
	"strings"

	"gatehouse/storage/directus"
	"gatehouse/storage/directus/prepare"
)

// reads compares what the service token reads with what the configuration needs.
func (p Patient) reads(found directus.Inspection) []Finding {
	if !found.Token.ReadsKnown || found.Token.Admin == directus.Yes {
		return nil
	}
	var findings []Finding
	for _, right := range p.Reads {
		if right.Collection != "" && !slices.Contains(found.Token.Reads, right.Collection) {
			findings = append(findings, Finding{
				Error, "Directus token", "may not read " + right.Collection + ", which it needs since " + right.Why,
				"run gatehouse setup, which grants what the configuration needs",
			})
		}
	}
	// A path may lead to any collection.
	if slices.ContainsFunc(p.Reads, func(right prepare.Right) bool { return right.Path != "" }) {
		return findings
	}
	beyond := slices.DeleteFunc(slices.Clone(found.Token.Reads), func(collection string) bool {
		return slices.ContainsFunc(p.Reads, func(right prepare.Right) bool { return right.Collection == collection })
	})
	if len(beyond) > 0 && len(p.Reads) > 0 {
		findings = append(findings, Finding{
			Warning, "Directus token", "reads more than the configuration needs: " + strings.Join(beyond, ", "),
			"run gatehouse setup, which takes from its policy what nothing needs; what another policy gives, for rules of clients in the store, is for you to judge",
		})
	}
	return findings
}
