// Package picture shows the pictures of users under addresses of the issuer, so
// that the claim picture (OpenID Connect Core 1.0, section 5.1) leads apps and
// browsers to a file of Directus that nobody else may read.
//
// An address is given out with the claim and is a capability: it names the file,
// the time it was made and a signature over both. It works for about a year, for
// as long as the file is the picture of an active user. Without a good signature
// Directus is never asked, and whatever is wrong gets one and the same answer.
package picture
