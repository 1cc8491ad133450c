package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"gatehouse/cmd/gatehouse/config"
	"gatehouse/provider"
	"gatehouse/provider/userevents"
	"gatehouse/storage/directus"
	"gatehouse/storage/directus/prepare"
)

func userSettings(settings *config.Loaded) provider.Users {
	return provider.Users{
		OutageStaleness: settings.Directus.OutageStaleness, EndOn: settings.Directus.EndOn, SweepEvery: settings.Directus.SweepInterval, FlowSecret: settings.Directus.FlowSecret,
		Sleep: sleep,
	}
}

// watchUsers notices changes of users until the context ends.
func (a *app) watchUsers(ctx context.Context, group *errgroup.Group, settings *config.Loaded, parts *parts, logger *slog.Logger) error {
	watch := parts.provider.Watch()
	events, err := a.newEvents(settings, parts, logger)
	if err != nil {
		return fmt.Errorf("directus.events.websocket: %w", err)
	}
	group.Go(func() error {
		// Without an interval nothing comes of a tick.
		ticker := time.NewTicker(max(watch.TickEvery(), 100*time.Millisecond))
		defer ticker.Stop()
		watch.Run(ctx, ticker.C)
		return nil
	})
	if events != nil {
		group.Go(func() error {
			events.Run(ctx)
			return nil
		})
	}
	return nil
}

// newEvents returns nil where nobody is to listen.
func (a *app) newEvents(settings *config.Loaded, parts *parts, logger *slog.Logger) (*directus.Events, error) {
	if settings.Directus.WebSocket == config.WebSocketOff {
		return nil, nil //nolint:nilnil // neither is there anything nor is it wrong
	}
	watch := parts.provider.Watch()
	events, err := directus.NewEvents(directus.EventsConfig{
		BaseURL: settings.Directus.URL, ServiceToken: settings.Directus.Token, Named: watch.Named, Missed: watch.Everybody,
		Sleep: sleep, Now: a.now, Random: a.random, Logger: logger,
	})
	if errors.Is(err, directus.ErrPlainWebSocket) && settings.Directus.WebSocket == config.WebSocketAuto {
		logger.Info("changes of users are not heard by WebSocket, which needs https as directus.url or a Directus on this machine; use a Flow (directus.events.flow_secret) or rely on directus.sweep_interval")
		return nil, nil //nolint:nilnil // as above
	}
	return events, err
}

// tryWebSocket connects as newEvents does; it is nil where that does not.
func (a *app) tryWebSocket(settings *config.Loaded) func(context.Context) error {
	if settings.Directus.WebSocket == config.WebSocketOff || settings.Directus.Token == "" {
		return nil
	}
	return func(ctx context.Context) error {
		events, err := directus.NewEvents(directus.EventsConfig{
			BaseURL: settings.Directus.URL, ServiceToken: settings.Directus.Token, Named: func(...string) {}, Missed: func() {},
			Sleep: sleep, Now: a.now, Random: a.random,
		})
		if err != nil {
			return err
		}
		return events.Try(ctx)
	}
}

// flowOf is the Flow that tells us of changes of users; nil without a secret.
func flowOf(settings *config.Loaded) *prepare.Flow {
	if settings.Directus.FlowSecret == "" {
		return nil
	}
	return &prepare.Flow{URL: settings.Issuer + userevents.Path, Header: userevents.SecretHeader, Secret: settings.Directus.FlowSecret}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
