// Gatehouse is an OpenID Connect provider for the users of a Directus.
//
// This is the one binary. Each subcommand is a file that wires packages
// together and decides nothing; it is the only reader of the environment.
package main
