// Package fetch reads documents from addresses that strangers chose, such as the
// jwks_uri of a client, without lending them our place in the network.
//
// Only https is spoken, redirects are not followed, no proxy of the environment is
// used, and the address that is really dialled must be a public one: checking the
// name would not do, since it may resolve differently a moment later (server-side
// request forgery by DNS rebinding; RFC 9700, section 4.11; RFC 7591, section 5).
//
// This package knows nothing of what the documents say and imports nothing of ours.
package fetch
