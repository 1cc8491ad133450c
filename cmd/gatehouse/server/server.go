package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Limits of every connection: what a slow or greedy stranger may take.
const (
	readHeaderTimeout = 10 * time.Second
	readTimeout       = 30 * time.Second
	writeTimeout      = 2 * time.Minute
	idleTimeout       = 2 * time.Minute
	// maxHeaderBytes is room for long authorization requests and some cookies.
	maxHeaderBytes = 64 << 10
)

// Config is what Serve needs.
type Config struct {
	Handler  http.Handler
	Listener net.Listener
	// CertFile and KeyFile are empty where a proxy speaks TLS.
	CertFile, KeyFile string
	// Patience is how long requests under way may take at a stop.
	Patience time.Duration
	Logger   *slog.Logger
	// Stopping is called when the stop begins.
	Stopping func()
}

// Serve answers until the context ends, then takes no new connections, lets
// requests under way end for a while, and returns nil.
func Serve(ctx context.Context, config Config) error {
	server := &http.Server{
		Handler:           config.Handler,
		ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout,
		WriteTimeout: writeTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaderBytes,
		ErrorLog:  slog.NewLogLogger(config.Logger.Handler(), slog.LevelDebug),
		TLSConfig: &tls.Config{MinVersion: tls.VersionTLS12},
	}
	served := make(chan error, 1)
	go func() {
		if config.CertFile != "" {
			served <- server.ServeTLS(config.Listener, config.CertFile, config.KeyFile)
			return
		}
		served <- server.Serve(config.Listener)
	}()
	select {
	case err := <-served:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	config.Stopping()
	config.Logger.InfoContext(ctx, "stopping", slog.Duration("patience", config.Patience))
	patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), config.Patience)
	defer cancel()
	if err := server.Shutdown(patience); err != nil {
		config.Logger.WarnContext(ctx, "requests were cut off", slog.Any("error", err))
		_ = server.Close()
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}
