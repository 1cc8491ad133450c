// Package allow says who may use a client, and which of its scopes a user may
// grant it: by the roles and policies that the user has in Directus, and by a
// filter that Directus itself evaluates.
//
// No specification says so; what follows from it does: access_denied (RFC 6749,
// section 4.1.2.1), invalid_grant (section 5.2) and a scope that is narrower than
// the one asked for (section 3.3). The package does not know how users are looked
// up, nor what is shown to somebody who is turned away. What cannot be found out
// is never allowed.
package allow
