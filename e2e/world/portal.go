package world

import (
	"context"
	"crypto/rand"
	"fmt"
	"html"
	"net"
	"net/http"
	"time"
)

// Portal is an app of which there is nothing but pages that say that the browser
// is there: what it was sent, the specs read off the browser itself, which is
// also where its session is ended and watched. It is one of the operator's own,
// so that nobody is asked for consent.
type Portal struct {
	Name     string `json:"name"`
	URL      string `json:"url"`
	ClientID string `json:"clientId"`
	// ClientSecret is for the specs, which redeem the codes themselves.
	ClientSecret string `json:"clientSecret"`

	server *http.Server
}

func (w *World) startPortal(ctx context.Context) error {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("start the portal: %w", err)
	}
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		return fmt.Errorf("start the portal: %w", err)
	}
	w.Portal = Portal{
		Name: "Acme Portal", ClientID: "portal", ClientSecret: rand.Text() + rand.Text(),
		URL: "http://localhost:" + port,
	}
	page := "<!doctype html>\n<html lang=\"en\"><title>" + html.EscapeString(w.Portal.Name) + "</title><link rel=\"icon\" href=\"data:,\"><p>Here.</p></html>\n"
	w.Portal.server = &http.Server{
		ReadHeaderTimeout: time.Minute,
		Handler: http.HandlerFunc(func(response http.ResponseWriter, _ *http.Request) {
			response.Header().Set("Content-Type", "text/html; charset=utf-8")
			response.Header().Set("Cache-Control", "no-store")
			_, _ = response.Write([]byte(page))
		}),
	}
	go func() { _ = w.Portal.server.Serve(listener) }()
	return nil
}

func (p Portal) stop() {
	if p.server != nil {
		_ = p.server.Close()
	}
}

// client is how Gatehouse knows the portal.
func (p Portal) client() map[string]any {
	return map[string]any{
		"client_id": p.ClientID, "client_secret": p.ClientSecret, "client_name": p.Name, "client_uri": p.URL, "first_party": true,
		"redirect_uris":             []string{p.URL + "/callback"},
		"post_logout_redirect_uris": []string{p.URL + "/signed-out"},
		"frontchannel_logout_uri":   p.URL + "/front-channel-logout",
	}
}
