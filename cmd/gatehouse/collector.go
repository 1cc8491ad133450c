package main

import (
	"runtime/debug"
	"slices"
	"strings"
)

// collectorPercent lets the heap triple before it is collected. The heap of a
// provider is a few megabytes, so that with Go's default (100) collecting it
// took a tenth of the processor time; see docs/performance.md.
const collectorPercent = 200

// relaxCollector does so unless the operator has decided (GOGC).
func (a *app) relaxCollector() {
	decided := func(variable string) bool { return strings.HasPrefix(variable, "GOGC=") }
	if !slices.ContainsFunc(a.environment, decided) {
		debug.SetGCPercent(collectorPercent)
	}
}
