// Package presets knows what the usual apps need of a client, and what their
// developers paste into them.
package presets
