// Package userevents is where a Flow of Directus tells that users have changed
// (gatehouse setup makes it). It is there only if the operator has set a secret.
//
// What a Flow sends names users; it knows nothing else of them, since the payload
// that Directus hands to Flows may hold passwords. provider/watch looks at the
// users by itself. The package does not know what changes end.
package userevents
