// Package account asks whether a user may go on: the status in Directus is read
// again whenever the last look is too old, and a user who may not loses every
// session and grant.
//
// No specification says so; it is what makes a suspension in Directus count
// here. The package does not know what the user wants to go on with, how users
// are looked up, nor how sessions and grants are ended.
package account
