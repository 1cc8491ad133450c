// Package extension holds the test of examples/directus-extension in a real
// Directus, with tokens of a real provider.
package extension
