package config

import (
	"net/netip"
	"net/url"
)

const (
	webSocketKey  = "directus.events.websocket"
	flowSecretKey = "directus.events.flow_secret"

	minFlowSecret = 32
)

// checkEvents: what tells of changes must neither be guessed nor show the token to
// a network.
func (l *loader) checkEvents() {
	d := l.config.Directus
	if d.FlowSecret != "" && len(d.FlowSecret) < minFlowSecret {
		l.refuse(flowSecretKey, "has fewer than %d bytes; make one with: openssl rand -base64 32", minFlowSecret)
	}
	u, err := url.Parse(d.URL)
	if d.WebSocket != WebSocketOn || err != nil || u.Scheme != "http" {
		return
	}
	address, err := netip.ParseAddr(u.Hostname())
	if u.Hostname() != "localhost" && (err != nil || !address.IsLoopback()) {
		l.refuse(webSocketKey, "on would send directus.token in clear; write an address with https as directus.url, or auto")
	}
}
