// Package flows holds what the whole provider is asked on every version of
// Directus that is supported: sign-in, one-time password, suspension, refresh,
// userinfo, an outage, and that nobody can have somebody else suspended.
package flows
