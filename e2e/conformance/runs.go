package conformance

import (
	"slices"
	"strings"
)

// Modules lists the names of all modules, sorted.
func Modules() []string {
	var names []string
	for _, plan := range Plans() {
		for _, module := range plan.Modules {
			names = append(names, module.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Certification is every run that certification with clients that register
// themselves takes, each plan once: the dynamic plan by response type code.
func Certification() []Run {
	var runs []Run
	for _, plan := range Plans() {
		if plan.Short == "dynamic" {
			runs = append(runs, plan.Of(false, Code)...)
			continue
		}
		runs = append(runs, plan.Of(false)...)
	}
	return runs
}

// Runs is the Certification and what we run besides: the dynamic plan by the
// other response types, and the basic plan with a client of the configuration.
func Runs() []Run {
	runs := Certification()
	for _, plan := range Plans() {
		switch plan.Short {
		case "dynamic":
			runs = append(runs, plan.Of(false, IDToken, IDTokenToken, CodeIDToken, CodeToken, CodeIDTokenToken)...)
		case "basic":
			runs = append(runs, plan.Of(true)...)
		}
	}
	return runs
}

// Of returns the runs of the plan, with a client of the configuration or one that
// registers itself; those of the response types alone, where any are named.
func (p Plan) Of(static bool, only ...string) []Run {
	var runs []Run
	for _, module := range p.Modules {
		if static && module.Dynamic {
			continue
		}
		if module.ResponseTypes == nil {
			runs = append(runs, Run{Plan: p.Name, Module: module.Name, Variant: p.Short})
		}
		for _, responseType := range module.ResponseTypes {
			if only != nil && !slices.Contains(only, responseType) {
				continue
			}
			run := Run{
				Plan: p.Name, Module: module.Name, ResponseType: responseType, FormPost: p.FormPost,
				Authentication: p.Authentication, Static: static, Variant: p.variant(responseType, static),
			}
			if module.Name == "oidcc-server-client-secret-post" {
				run.Authentication = "client_secret_post"
			}
			runs = append(runs, run)
		}
	}
	return runs
}

// variant tells the runs of one module apart.
func (p Plan) variant(responseType string, static bool) string {
	switch {
	case strings.HasSuffix(p.Short, "basic") && static:
		return p.Short + "/static"
	case strings.HasSuffix(p.Short, "basic"):
		return p.Short + "/dynamic"
	case static:
		return p.Short + "/static " + responseType
	}
	return p.Short + "/" + responseType
}
