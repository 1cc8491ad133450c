// Package discovery publishes what the provider can do, generated from the same
// tables that the code runs on (OpenID Connect Discovery 1.0, section 3; RFC
// 8414, section 2), and its public keys (RFC 7517).
//
// It owns the documents and how long they may be cached. It decides nothing that
// they say: it imports no endpoint, and is told by the provider.
package discovery
