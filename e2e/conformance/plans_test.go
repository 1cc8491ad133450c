package conformance

import (
	"slices"
	"testing"
)

// TestPlansAreComplete compares the table with what the suite's plans come to.
func TestPlansAreComplete(t *testing.T) {
	counts := map[string]struct{ static, dynamic int }{
		"basic": {35, 38}, "implicit": {54, 58}, "hybrid": {96, 102},
		"formpost-basic": {35, 38}, "formpost-implicit": {54, 58}, "formpost-hybrid": {96, 102},
		"config": {1, 1}, "3rdparty-init-login": {0, 2}, "rp-initiated-logout": {11, 11},
		"session-management": {2, 2}, "frontchannel": {2, 2}, "backchannel": {2, 2},
	}
	byResponseType := map[string]int{Code: 23, CodeToken: 23, CodeIDToken: 22, CodeIDTokenToken: 22, IDToken: 18, IDTokenToken: 19}
	for _, plan := range Plans() {
		if plan.Short == "dynamic" {
			for responseType, want := range byResponseType {
				if got := len(plan.Of(false, responseType)); got != want {
					t.Errorf("%s by %s: %d runs, want %d", plan.Name, responseType, got, want)
				}
			}
			continue
		}
		want, ok := counts[plan.Short]
		if got := len(plan.Of(true)); !ok || got != want.static {
			t.Errorf("%s with a static client: %d runs, want %d", plan.Name, got, want.static)
		}
		if got := len(plan.Of(false)); got != want.dynamic {
			t.Errorf("%s with a dynamic client: %d runs, want %d", plan.Name, got, want.dynamic)
		}
	}
	if got := len(Certification()); got != 439 {
		t.Errorf("certification takes %d runs, want 439", got)
	}
	if got := len(Modules()); got != 77 {
		t.Errorf("%d modules, want 77", got)
	}
}

func TestRunsAreNamedApart(t *testing.T) {
	var names []string
	for _, run := range Runs() {
		names = append(names, run.Module+"/"+run.Variant)
	}
	slices.Sort(names)
	if total := len(names); len(slices.Compact(names)) != total {
		t.Error("two runs have one name")
	}
}
