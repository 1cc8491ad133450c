// Package strictjson reads JSON that strangers send (RFC 8259), within bounds and
// without the liberties that the standard library takes.
//
// An object that names a member twice is refused at whatever depth: section 4 leaves
// open which one counts, so that a check and what comes after it could take
// different ones. The package knows nothing of what the values mean.
package strictjson
