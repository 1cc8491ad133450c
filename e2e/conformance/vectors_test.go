package conformance

import (
	"math"
	"testing"
)

// TestHashOfTheSpecification uses the example of OpenID Connect Core, appendix A.3:
// what the modules compare with must itself be right.
func TestHashOfTheSpecification(t *testing.T) {
	t.Parallel()
	if got := leftHalf(t, "RS256", "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"); got != "77QmUPtjPfzWtF2AnpK9RQ" {
		t.Errorf("at_hash is %s", got)
	}
}

func TestEntropy(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]float64{"aaaaaaaa": 0, "abababab": 1, "0123456789abcdef": 4} {
		if got := entropy(text); math.Abs(got-want) > 1e-9 {
			t.Errorf("the entropy of %q is %f, want %f", text, got, want)
		}
	}
}
