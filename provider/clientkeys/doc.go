// Package clientkeys holds the public keys of clients: those that a client
// registered inline (jwks) and those at its jwks_uri, which are fetched, kept and
// fetched again when the client seems to have changed them. Signatures of clients
// are checked with them, and what only the client shall read is encrypted to them.
//
// Specifications: RFC 7515 to RFC 7518; RFC 7591, section 2; OpenID Connect Core,
// sections 10.1.1 and 10.2.1 (rotation).
//
// It does not know what is signed or encrypted, nor which algorithms a client
// may use.
package clientkeys
