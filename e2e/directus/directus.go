// Package directus holds the npm lockfiles of the Directus versions that the
// tests and the demo run against, so that a test binary carries them wherever
// it is started. It owns no behaviour: package stack installs and boots them.
package directus

import "embed"

// Files holds one folder a version (package.json, package-lock.json, .npmrc)
// and stubs, the local packages that their overrides point to.
//
//go:embed 12.4.0/package.json 12.4.0/package-lock.json 12.4.0/.npmrc
//go:embed 11.17.4/package.json 11.17.4/package-lock.json 11.17.4/.npmrc
//go:embed 10.13.4/package.json 10.13.4/package-lock.json 10.13.4/.npmrc
//go:embed 10.8.2/package.json 10.8.2/package-lock.json 10.8.2/.npmrc
//go:embed stubs
var Files embed.FS

// Current is the version that everything is tested with by default.
const Current = "12.4.0"
