package conformance

import (
	"slices"
	"testing"
)

// TestConformance runs every module of every plan: the first level is the module,
// the second the plan with its variant.
func TestConformance(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	byModule := map[string][]Run{}
	for _, run := range Runs() {
		byModule[run.Module] = append(byModule[run.Module], run)
	}
	for _, name := range Modules() {
		steps := modules()[name]
		if steps == nil {
			t.Errorf("module %s has no test", name)
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, run := range byModule[name] {
				t.Run(run.Variant, func(t *testing.T) {
					t.Parallel()
					// Its clock is moved, so that one run has a provider at a time.
					p := w.take(t)
					steps(w.module(t, run, p))
				})
			}
		})
	}
}

// TestEveryModuleIsInAPlan finds tests that no plan runs.
func TestEveryModuleIsInAPlan(t *testing.T) {
	t.Parallel()
	for name := range modules() {
		if !slices.Contains(Modules(), name) {
			t.Errorf("no plan has the module %s", name)
		}
	}
}
