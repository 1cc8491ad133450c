// Package introspection tells a protected resource about a token (RFC 7662).
//
// It owns who may look at whose tokens, and what the answer says. Of a token
// that is none, or not for the asker, it says no more than that it is not active.
// It does not know how tokens are made or recognised (token), nor how clients
// authenticate (clientauth).
package introspection
