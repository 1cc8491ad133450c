// Package account asks whether a user may go on: what Directus says of him is
// read again whenever the last look is too old, and held against what his session
// or grant remembers (storage.Sighting). A user who may not go on loses every
// session and grant; one whose address or role has changed loses those that are
// older than the change.
//
// No specification says so; it is what makes a suspension in Directus count
// here. The package does not know what the user wants to go on with, how users
// are looked up, nor how sessions and grants are ended.
package account
