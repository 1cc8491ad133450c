// Package config reads the configuration: one YAML file, a GATEHOUSE_ variable
// for every scalar, flags, and defaults, the first named losing to the later:
//
//	default < file < environment < flag
//
// One table of settings (settings.go, client_settings.go) drives reading,
// checking, the JSON Schema, the output of "config show" and the reference in
// docs/configuration.md, so that none of them can promise what the others do
// not keep. Unknown keys and variables are refused, and every problem is
// reported at once, with the place and the way to mend it.
//
// The package knows nothing of what the settings are used for.
package config
