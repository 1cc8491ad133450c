// Package claims says which claims there are, which scope releases them
// (OpenID Connect Core 1.0, section 5.4), what the parameter claims asks for
// (section 5.5), how claims are filled from the fields of a Directus user, and by
// which sub each client knows that user (section 8).
//
// It does not know where a claim is sent to.
package claims
