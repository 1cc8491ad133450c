// Package session keeps the browser's sign-in: OpenID Connect Core 1.0 calls it
// the End-User's authentication at the provider.
//
// A browser may hold several sessions, one an account; the first is the current
// one. The package owns the session cookie, the session records and their place
// in the index of their user. It does not know why somebody signs in, nor what
// clients do with it.
package session
