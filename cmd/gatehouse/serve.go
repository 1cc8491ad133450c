package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"gatehouse/cmd/gatehouse/config"
	"gatehouse/cmd/gatehouse/server"
	"gatehouse/keys"
	"gatehouse/storage"
	"gatehouse/storage/bolt"
	"gatehouse/storage/directus"
)

func (a *app) serveCommand() *cobra.Command {
	var listen string
	var allowAdminToken bool
	command := &cobra.Command{
		Use: "serve", Short: "Run the provider", Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			options := config.Options{}
			if command.Flags().Changed("listen") {
				options.Flags = map[string]string{"listen": listen}
			}
			settings, err := a.load(options)
			if err != nil {
				return err
			}
			return a.serve(command.Context(), settings, allowAdminToken)
		},
	}
	command.Flags().StringVar(&listen, "listen", "", "host and port to listen on (listen)")
	command.Flags().BoolVar(&allowAdminToken, "allow-admin-token", false, "start even if the Directus token is an administrator's")
	return command
}

// serve runs until the context ends. Whatever fails in the background ends it
// too; nothing is left running when it returns.
func (a *app) serve(ctx context.Context, settings *config.Loaded, allowAdminToken bool) (err error) {
	a.relaxCollector()
	logger := a.logger(settings)
	backend, err := a.openServing(ctx, settings, logger)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, backend.Close()) }()
	parts, err := a.build(ctx, settings, backend, logger)
	if err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", settings.Listen)
	if err != nil {
		return fmt.Errorf("listen: %w; choose another address with listen (%s)", err, settings.Origin("listen"))
	}
	guard := &tokenGuard{client: parts.directus, allowAdmin: allowAdminToken, logger: logger}
	probes := server.NewProbes(
		a.now, logger,
		server.Check{Name: "store", Fresh: time.Second, Ask: parts.store.Ping},
		server.Check{Name: "keys", Fresh: time.Second, Ask: func(context.Context) error { return freshKeys(parts.ring) }},
		// Directus counts pings toward its limits.
		server.Check{Name: "directus", Fresh: 10 * time.Second, Ask: guard.ready},
	)
	middleware := server.Middleware{Proxies: server.Proxies(settings.TrustedProxies), Logger: logger, Now: a.now, Random: a.random}
	logger.InfoContext(ctx, "serving", slog.String("issuer", settings.Issuer), slog.String("listen", listener.Addr().String()),
		slog.String("version", version()))

	group, groupContext := errgroup.WithContext(ctx)
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	group.Go(func() error {
		defer stop() // the background ends after the last request
		return server.Serve(groupContext, server.Config{
			Handler: middleware.Chain(probes.Around(parts.handler)), Listener: listener,
			CertFile: settings.TLS.CertFile, KeyFile: settings.TLS.KeyFile,
			Patience: settings.ShutdownTimeout, Logger: logger, Stopping: probes.Stop,
		})
	})
	group.Go(func() error {
		err := guard.watch(background)
		if err == nil {
			watchFields(background, parts.directus, parts.paths, logger)
		}
		return err
	})
	group.Go(func() error {
		ticker := time.NewTicker(parts.ring.ReloadEvery())
		defer ticker.Stop()
		parts.ring.Maintain(background, ticker.C)
		return nil
	})
	group.Go(func() error {
		ticker := time.NewTicker(deliverEvery)
		defer ticker.Stop()
		parts.provider.Deliveries().Run(background, ticker.C)
		return nil
	})
	readClients(background, group, parts.collection)
	if err := a.watchUsers(background, group, settings, parts, logger); err != nil {
		return errors.Join(err, listener.Close())
	}
	if keeper := parts.provider.Upstream(); keeper != nil {
		group.Go(func() error {
			ticker := time.NewTicker(keepEvery)
			defer ticker.Stop()
			keeper.Run(background, ticker.C)
			return nil
		})
	}
	group.Go(func() error {
		ticker := time.NewTicker(noteEvery)
		defer ticker.Stop()
		parts.provider.Looks().Run(background, ticker.C, func(err error) {
			logger.WarnContext(background, "other nodes do not hear of looks at users", slog.Any("error", err))
		})
		return nil
	})
	embedded(background, group, backend, settings, logger)
	return group.Wait()
}

// deliverEvery is how often the deliveries that other processes left, or that
// failed, are looked for.
const deliverEvery = 2 * time.Second

// keepEvery is how often a few of the sessions kept at Directus are looked after.
const keepEvery = 2 * time.Second

// noteEvery is how often the other nodes hear of looks at users.
const noteEvery = time.Second

// openServing opens the store as the process that serves: the embedded one is
// held, not reached through another process.
func (a *app) openServing(ctx context.Context, settings *config.Loaded, logger *slog.Logger) (storage.Backend, error) {
	if settings.Store.Bolt.Path == "" {
		return openRedis(ctx, settings.Store.Redis, logger)
	}
	// Makes the key before the file, as it must be.
	if _, err := a.sealingKeys(settings); err != nil {
		return nil, err
	}
	backend, err := bolt.Open(bolt.Options{Path: settings.Store.Bolt.Path, Now: a.now})
	if errors.Is(err, bolt.ErrLocked) {
		return nil, fmt.Errorf("%w; stop the other gatehouse, or give this one a store.bolt.path of its own", err)
	}
	return backend, err
}

// embedded keeps the embedded store tidy and within reach of commands.
func embedded(ctx context.Context, group *errgroup.Group, backend storage.Backend, settings *config.Loaded, logger *slog.Logger) {
	file, ok := backend.(*bolt.Backend)
	if !ok {
		return
	}
	group.Go(func() error {
		file.Sweep(ctx, time.Minute, func(err error) {
			logger.ErrorContext(ctx, "expired records were not removed", slog.Any("error", err))
		})
		return nil
	})
	group.Go(func() error {
		if err := bolt.Serve(ctx, file, bolt.SocketPath(settings.Store.Bolt.Path)); err != nil {
			// People can still sign in.
			logger.ErrorContext(ctx, "commands cannot reach the store while this process runs", slog.Any("error", err))
		}
		return nil
	})
}

// freshKeys says whether rotations of other nodes still reach this one.
func freshKeys(ring *keys.Ring) error {
	if age := ring.Age(); age > 10*ring.ReloadEvery() {
		return fmt.Errorf("signing keys were last read %s ago", age.Round(time.Second))
	}
	return nil
}

// tokenGuard finds out what the service token may do, as soon as Directus
// answers, without holding up the start.
type tokenGuard struct {
	client     *directus.Client
	allowAdmin bool
	logger     *slog.Logger
}

var (
	errAdminToken = errors.New("directus.token is an administrator's: whoever reads it owns Directus; " +
		"run gatehouse setup for a least-privilege token, or start with --allow-admin-token")
	errInvalidToken = errors.New("directus.token belongs to no active user of Directus; run gatehouse setup --rotate")
)

func (g *tokenGuard) ready(ctx context.Context) error { return g.client.Ping(ctx) }

// watch returns an error if the token must not be used.
func (g *tokenGuard) watch(ctx context.Context) error {
	for wait := time.Second; ; wait = min(2*wait, time.Minute) {
		rights, err := g.client.TokenRights(ctx)
		switch {
		case err != nil && ctx.Err() == nil:
			g.logger.WarnContext(ctx, "Directus did not tell what its token may do", slog.Any("error", err))
		case rights.Valid == directus.No:
			g.logger.ErrorContext(ctx, errInvalidToken.Error())
		case rights.Admin == directus.Yes && !g.allowAdmin:
			return errAdminToken
		case rights.Valid == directus.Yes && rights.Admin == directus.Unknown:
			g.logger.WarnContext(ctx, "Directus does not tell whether its token is an administrator's")
			return nil
		case rights.Valid == directus.Yes:
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
	}
}
