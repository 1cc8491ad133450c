// Package registration lets clients register themselves (RFC 7591; OpenID Connect
// Dynamic Client Registration 1.0) and look at, change and remove their
// registration (RFC 7592).
//
// It owns who may register (anybody within bounds, or holders of an initial access
// token), how metadata is read and shown, and what a client may not say about
// itself. What metadata may be is for package clients to say. It does not know how
// clients authenticate afterwards, nor what their registration is used for.
//
// Members that are not in its table are ignored (RFC 7591, section 2). So are those
// that only operators set, such as first_party, and software statements, which the
// endpoint has no issuer to trust for (RFC 7591, section 3.1.1).
package registration
