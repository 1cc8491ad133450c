// Package authorize is the authorization endpoint (RFC 6749, section 3.1;
// OpenID Connect Core 1.0, section 3.1.2) and what screens need of it.
//
// A request is parsed (request.go), a request object is laid over it (object.go),
// it passes an ordered table of rules (checks.go), and then one policy (policy.go) says from stored state alone
// what is next: sign in, choose an account, consent, or answer. Screens never
// lead to one another; each returns to /authorize/{id}, which asks the policy
// again. The answer (respond.go) goes out through the response mode (mode.go).
//
// The package does not know how screens look, nor how a password is checked.
package authorize
