package main

import (
	"context"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"gatehouse/cmd/gatehouse/config"
	"gatehouse/provider"
	"gatehouse/provider/clients"
)

// newClients returns where clients are looked up. Those in Directus are not known
// yet.
func (a *app) newClients(ctx context.Context, settings *config.Loaded, p *parts, logger *slog.Logger) (*clients.Source, error) {
	if settings.ClientsCollection != "" {
		var err error
		p.collection, err = clients.NewCollection(clients.CollectionConfig{
			Rows: p.directus, Store: p.store, Configured: settings.Clients, Rights: settings.ClientRights,
			Rules: settings.ClientRules(provider.ClientRules()), Now: a.now, Logger: logger, Sink: audit{logger: logger},
		})
		if err != nil {
			return nil, err
		}
	}
	source, err := clients.NewSource(clients.SourceConfig{
		Configured: settings.Clients, Collection: p.collection, Store: p.store, Now: a.now,
	})
	if err != nil {
		return nil, err
	}
	return source, source.CheckSources(ctx)
}

// readClients keeps up with the clients in Directus.
func readClients(ctx context.Context, group *errgroup.Group, collection *clients.Collection) {
	if collection == nil {
		return
	}
	group.Go(func() error {
		ticker := time.NewTicker(clients.ReadEvery)
		defer ticker.Stop()
		collection.Run(ctx, ticker.C)
		return nil
	})
}
