package main

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"gatehouse/cmd/gatehouse/config"
	"gatehouse/cmd/gatehouse/server"
)

func (a *app) healthcheckCommand() *cobra.Command {
	return &cobra.Command{
		Use: "healthcheck", Short: "Ask the gatehouse on this machine whether it is ready", Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			settings, err := a.load(config.Options{WithoutToken: true})
			if err != nil {
				return err
			}
			request, err := http.NewRequestWithContext(command.Context(), http.MethodGet, readyURL(settings), nil)
			if err != nil {
				return err
			}
			client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{
				// Ourselves, by an address that no certificate names.
				TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // see above
			}}
			response, err := client.Do(request)
			if err != nil {
				return fmt.Errorf("gatehouse does not answer: %w", err)
			}
			defer func() { _ = response.Body.Close() }()
			if response.StatusCode != http.StatusOK {
				return fmt.Errorf("gatehouse is not ready: %s", response.Status)
			}
			_, err = fmt.Fprintln(command.OutOrStdout(), "ready")
			return err
		},
	}
}

// readyURL is where a process with these settings listens, as seen from here.
func readyURL(settings *config.Loaded) string {
	host, port, err := net.SplitHostPort(settings.Listen)
	if err != nil {
		host, port = settings.Listen, ""
	}
	switch host {
	case "", "0.0.0.0":
		host = "127.0.0.1"
	case "::":
		host = "::1"
	}
	scheme := "http"
	if settings.TLS.CertFile != "" {
		scheme = "https"
	}
	return scheme + "://" + net.JoinHostPort(host, port) + server.ReadyPath
}
