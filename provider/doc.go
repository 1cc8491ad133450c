// Package provider is the OpenID provider without its screens (OpenID Connect
// Core 1.0; RFC 6749).
//
// It owns the list of routes: it builds what endpoints share, builds each
// endpoint, and mounts all of them below the issuer's path. It is the only place
// that knows them all, so that no endpoint has to know another.
//
// The package does not know how screens look, how records are kept, nor how
// Directus is asked: it is given pages, a store and a directory.
package provider
