package main

import (
	"runtime/debug"
	"slices"
	"strings"
)

// collectorPercent lets the heap grow fivefold, or to 16 MB, before it is
// collected. What lives on the heap of a provider is two or three megabytes, so
// that with Go's default (100) collecting it took a tenth of the processor time;
// see docs/performance.md.
const collectorPercent = 400

// relaxCollector does so unless the operator has decided (GOGC).
func (a *app) relaxCollector() {
	decided := func(variable string) bool { return strings.HasPrefix(variable, "GOGC=") }
	if !slices.ContainsFunc(a.environment, decided) {
		debug.SetGCPercent(collectorPercent)
	}
}
