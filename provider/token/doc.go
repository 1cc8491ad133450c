// Package token is the only place where tokens are born and the only place
// where they are recognised.
//
// Every grant ends in one Authorization, which the Issuer turns into a Set. The
// root of each family of tokens is a storage.Grant: codes, access tokens and
// refresh tokens name it inside a sealed handle, and are worth nothing once it,
// or the session it is bound to, is gone. Revoking is deleting one key.
//
// The package follows RFC 6749, RFC 7009, RFC 9068, RFC 9700 (section 4.14) and
// OpenID Connect Core 1.0 (sections 2 and 3.1.3). It does not know HTTP, screens
// or how a user is authenticated.
package token
