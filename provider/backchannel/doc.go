// Package backchannel tells clients that a session has ended: OpenID Connect
// Back-Channel Logout 1.0.
//
// Whoever ends a session leaves a delivery in the store (provider/session). The
// package takes deliveries from there, makes logout tokens, posts them, and tries
// again where there was no answer. Any number of nodes do so on one store. It does
// not know why a session ended or what it was.
package backchannel
