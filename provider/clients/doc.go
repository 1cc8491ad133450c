// Package clients says who the relying parties are: which metadata a client may
// have (RFC 7591, section 2; OpenID Connect Dynamic Client Registration 1.0,
// section 2; RFC 8252 for native apps), which redirect URI belongs to it, and
// where a client is looked up.
//
// The rules hold for every way a client comes in: configuration file, command,
// later registration. The package does not know where metadata was written
// down, and never asks the network.
package clients
