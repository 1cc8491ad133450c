// Package storage holds the nouns of the provider (client, session, grant,
// consent, …) and says where they are kept.
//
// A noun is a plain struct in its own file. A Table keeps records of one noun
// under digested keys, sealed, with an expiry; the Store lists every Table
// once. Tables stand on a Backend, whose calls each touch single keys only, so
// that Redis Sentinel, Redis Cluster and the embedded file all serve without
// anything extra.
//
// This package knows neither HTTP nor OAuth rules, and imports nothing of ours.
package storage
