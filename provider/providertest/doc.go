// Package providertest runs a whole provider in the test's own process: the
// real endpoints and screens over the embedded store, a fake Directus behind
// the real client for it, a clock that the test moves, a scripted browser and a
// relying party. Tests go through HTTP and see what a client would see.
package providertest
