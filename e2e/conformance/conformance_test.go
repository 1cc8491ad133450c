package conformance

import (
	"slices"
	"testing"
)

// TestConformance runs every module of every plan: the first level is the module,
// the second the plan with its variant.
func TestConformance(t *testing.T) {
	w := newWorld(t)
	byModule := map[string][]Run{}
	for _, run := range Runs() {
		byModule[run.Module] = append(byModule[run.Module], run)
	}
	for _, name := range Modules() {
		steps := modules()[name]
		if steps == nil {
			t.Logf("module %s has no test yet", name)
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, run := range byModule[name] {
				t.Run(run.Variant, func(t *testing.T) {
					t.Parallel()
					// Its clock is moved, so that one run has a provider at a time.
					p := w.take(t)
					m := w.module(t, run, p)
					for _, member := range waiting()[run.Module] {
						if m.metadata[member] == nil {
							t.Skipf("the provider has no %s yet", member)
						}
					}
					steps(m)
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

// waiting names what a module needs that is being built.
func waiting() map[string][]string {
	all := []string{"claims_parameter_supported", "request_uri_parameter_supported", "userinfo_signing_alg_values_supported", "check_session_iframe"}
	return map[string][]string{
		"oidcc-claims-essential": all[:1], "oidcc-request-uri-signed-rs256": all[1:2], "oidcc-userinfo-rs256": all[2:3],
		"oidcc-discovery-endpoint-verification":                     all[:3],
		"oidcc-session-management-discovery-endpoint-verification":  all[3:],
		"oidcc-session-management-rp-initiated-logout":              all[3:],
		"oidcc-frontchannel-rp-initiated-logout":                    {"frontchannel_logout_supported"},
		"oidcc-frontchannel-logout-discovery-endpoint-verification": {"frontchannel_logout_supported"},
		"oidcc-backchannel-logout-discovery-endpoint-verification":  {"backchannel_logout_supported"},
	}
}
