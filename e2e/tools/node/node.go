// Package node holds the npm lockfiles of the Node.js releases that run
// Directus where the machine's own Node.js does not fit.
package node

import "embed"

// Files holds one folder a major release.
//
//go:embed 20/package.json 20/package-lock.json 20/.npmrc
//go:embed 22/package.json 22/package-lock.json 22/.npmrc
var Files embed.FS
