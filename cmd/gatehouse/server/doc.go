// Package server is what every request passes before it reaches an endpoint, and
// what runs around them: request ids, the client's address behind proxies, the
// access log, probes, limits, and an orderly stop.
//
// It knows nothing of the protocol.
package server
