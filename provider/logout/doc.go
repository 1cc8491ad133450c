// Package logout is OpenID Connect RP-Initiated Logout 1.0.
//
// The session cookie is the authority: an id_token_hint only names the client
// and the account. Without a hint that fits the session of this browser the
// person is asked, and a redirect goes only to an address that the named client
// registered.
package logout
