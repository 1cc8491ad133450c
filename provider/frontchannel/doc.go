// Package frontchannel names the addresses by which a browser tells clients that
// its session has ended: OpenID Connect Front-Channel Logout 1.0. Pages load them
// in frames.
package frontchannel
