// Package world puts a whole small world together for the browser specs: a
// real Directus over PostgreSQL that gatehouse setup prepared, Gatehouse as a
// process on the store that is asked for, examples/nextjs twice as two apps of
// one company, a third that is only pages, and people who can sign in to them.
//
// Lifetimes are short, so that a spec sees a token being refreshed, a suspended
// user being cut off and a request expiring without waiting long. Everything
// else is configured as an operator would.
//
// The specs learn what there is from the JSON form of [World]. The package
// knows no browser and no spec.
package world
