package doctor

import (
	"context"
	"fmt"

	"gatehouse/storage/directus"
)

// FieldProblem puts a problem with a field into words, and says what to do.
func FieldProblem(problem directus.FieldProblem) (detail, remedy string) {
	switch {
	case problem.At == "":
		return "users have no field " + problem.Field, "correct claims in the configuration, or add the field in Directus"
	case problem.Unreadable:
		return fmt.Sprintf("%s: the service token may not read the rows that %s leads to", problem.Field, problem.At), "run gatehouse setup, which grants what the configuration needs"
	}
	return fmt.Sprintf("%s: what %s leads to has no such field", problem.Field, problem.At), "correct claims in the configuration, or add the field in Directus"
}

// fields holds the fields of claims against the live schema.
func (p Patient) fields(ctx context.Context) []Finding {
	if p.Fields == nil {
		return nil
	}
	problems, err := p.Fields(ctx)
	if err != nil {
		return []Finding{{Warning, "claims", fmt.Sprintf("could not be held against Directus: %v", err), "run gatehouse doctor again"}}
	}
	var findings []Finding
	for _, problem := range problems {
		detail, remedy := FieldProblem(problem)
		for _, path := range p.Paths {
			if path.Field == problem.Field {
				findings = append(findings, Finding{Error, "claim " + path.Claim, detail, remedy})
			}
		}
	}
	return findings
}
