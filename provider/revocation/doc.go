// Package revocation lets a client give tokens back (RFC 7009).
//
// It owns whose tokens a client may revoke, and that a refresh token goes with
// its whole grant. It does not know how tokens are recognised or what ends with
// a grant (token), nor how clients authenticate (clientauth).
package revocation
