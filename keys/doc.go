// Package keys holds the issuer's keys, signs with them, and decrypts what was
// encrypted to them.
//
// A signing key of one algorithm moves through four steps:
//
//	next     published in the JWKS, not used yet, until every cached JWKS has it
//	current  signs
//	retired  published until the last token it signed has expired
//	gone
//
// An encryption key moves through the same steps, but is published only while it is
// current: next it waits until every node can decrypt by it, and retired it is kept
// until nobody encrypts to it from a cached JWKS any more and what was encrypted has
// served its time.
//
// All keys stand in one record of the store. Each node reads it at an interval,
// and whichever node first finds a step due takes it, by compare-and-swap; so any
// number of nodes agree without a leader, and the clock that matters is the one in
// the record. Signing and publishing read an immutable snapshot without locks.
//
// Specifications: RFC 7515 (JWS), RFC 7516 (JWE), RFC 7517 (JWK), RFC 7518 (algorithms), RFC 7638
// (thumbprints); OpenID Connect Core, sections 10.1.1 and 10.2.1 (rotation).
//
// This package knows nothing of HTTP or of what tokens say. It imports only storage.
package keys
