// Package claims says which claims there are, which scope releases them
// (OpenID Connect Core 1.0, section 5.4), and how they are filled from the
// fields of a Directus user.
//
// It does not know where a claim is sent to.
package claims
