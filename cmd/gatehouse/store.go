package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"gatehouse/cmd/gatehouse/config"
	"gatehouse/storage"
	"gatehouse/storage/bolt"
	"gatehouse/storage/redis"
)

// openStore opens the store for a command: the embedded one through the process
// that serves, if there is one. The caller closes the Backend.
func (a *app) openStore(ctx context.Context, settings *config.Loaded, logger *slog.Logger) (*storage.Store, storage.Backend, error) {
	keys, err := a.sealingKeys(settings)
	if err != nil {
		return nil, nil, err
	}
	var backend storage.Backend
	if settings.Store.Bolt.Path != "" {
		backend, err = bolt.OpenOrDial(ctx, bolt.Options{Path: settings.Store.Bolt.Path, Now: a.now})
	} else {
		backend, err = openRedis(ctx, settings.Store.Redis, logger)
	}
	if err != nil {
		return nil, nil, err
	}
	store, err := a.newStore(backend, keys)
	if err != nil {
		return nil, nil, errors.Join(err, backend.Close())
	}
	return store, backend, nil
}

// withStore runs a command on the store and closes it.
func (a *app) withStore(ctx context.Context, do func(*config.Loaded, *storage.Store) error) error {
	settings, err := a.load(config.Options{WithoutToken: true})
	if err != nil {
		return err
	}
	store, backend, err := a.openStore(ctx, settings, a.logger(settings))
	if err != nil {
		return err
	}
	return errors.Join(do(settings, store), backend.Close())
}

func (a *app) newStore(backend storage.Backend, keys [][]byte) (*storage.Store, error) {
	sealer, err := storage.NewSealer(a.random, keys...)
	if err != nil {
		return nil, err
	}
	return storage.New(storage.Config{Backend: backend, Sealer: sealer, Now: a.now})
}

// sealingKeys are the configured ones, or the one beside the embedded store.
func (a *app) sealingKeys(settings *config.Loaded) ([][]byte, error) {
	if len(settings.Store.SealingKeys) > 0 {
		return settings.Store.Keys()
	}
	key, err := bolt.SealingKey(settings.Store.Bolt.Path, a.random)
	if err != nil {
		return nil, err
	}
	return [][]byte{key}, nil
}

func openRedis(ctx context.Context, settings config.Redis, logger *slog.Logger) (*redis.Backend, error) {
	encryption, err := redisTLS(settings.TLS)
	if err != nil {
		return nil, fmt.Errorf("store.redis.tls: %w", err)
	}
	return redis.Open(ctx, redis.Config{
		Addresses: settings.Addresses, MasterName: settings.MasterName, Cluster: settings.Cluster,
		Username: settings.Username, Password: settings.Password,
		SentinelUsername: settings.SentinelUsername, SentinelPassword: settings.SentinelPassword,
		DB: settings.Database, TLS: encryption, KeyPrefix: settings.KeyPrefix, Logger: logger,
	})
}

func redisTLS(settings config.RedisTLS) (*tls.Config, error) {
	if !settings.Enabled {
		return nil, nil
	}
	encryption := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: settings.ServerName}
	if settings.CAFile != "" {
		pem, err := os.ReadFile(settings.CAFile)
		if err != nil {
			return nil, err
		}
		encryption.RootCAs = x509.NewCertPool()
		if !encryption.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("ca_file %s holds no certificate in PEM", settings.CAFile)
		}
	}
	if settings.CertFile != "" {
		certificate, err := tls.LoadX509KeyPair(settings.CertFile, settings.KeyFile)
		if err != nil {
			return nil, err
		}
		encryption.Certificates = []tls.Certificate{certificate}
	}
	return encryption, nil
}
