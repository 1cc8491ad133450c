// Package passwords judges passwords by the policy of Directus
// (auth_password_policy) before Directus sees them. Directus itself judges only
// those of addresses that it does not know yet: whoever sends it a password that
// the policy refuses learns which addresses it knows.
//
// Policies are regular expressions of JavaScript, so they are read as Directus
// reads them.
package passwords
