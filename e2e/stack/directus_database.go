package stack

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strconv"
)

// preparation is part of the key of prepared databases: count it up when what
// goes into them changes.
const preparation = "1"

// openDatabase gives Directus a database with its tables and its administrator
// in it, and returns the variables that name it.
func (d *Directus) openDatabase(ctx context.Context, database string) (map[string]string, error) {
	switch database {
	case SQLite:
		return d.openSQLite(ctx)
	case PostgreSQL:
		return d.openPostgres(ctx)
	}
	return nil, fmt.Errorf("%q: %w", database, errUnknownDatabase)
}

func (d *Directus) openSQLite(ctx context.Context) (map[string]string, error) {
	file := filepath.Join(d.Dir, "data.db")
	if !exists(file) {
		prepared, err := Cached(ctx, d.install.key+"-sqlite-"+preparation, func(ctx context.Context, dir string) error {
			return d.install.bootstrap(ctx, sqliteEnv(filepath.Join(dir, "data.db")))
		})
		if err != nil {
			return nil, err
		}
		content, err := os.ReadFile(filepath.Join(prepared, "data.db"))
		if err != nil {
			return nil, fmt.Errorf("copy the prepared database: %w", err)
		}
		if err := publish(file, content); err != nil {
			return nil, fmt.Errorf("copy the prepared database: %w", err)
		}
	}
	return sqliteEnv(file), nil
}

func (d *Directus) openPostgres(ctx context.Context) (map[string]string, error) {
	release, err := postgresRelease(ctx)
	if err != nil {
		return nil, err
	}
	prepared, err := Cached(ctx, d.install.key+"-postgres-"+release+"-"+preparation, func(ctx context.Context, dir string) error {
		return preparePostgres(ctx, d.install, dir)
	})
	if err != nil {
		return nil, err
	}
	d.Postgres, err = StartPostgres(ctx, PostgresOptions{snapshot: prepared})
	if err != nil {
		return nil, err
	}
	return postgresVariables(d.Postgres), nil
}

// preparePostgres bootstraps Directus in a cluster of its own and leaves the
// data folder of the stopped cluster in dir.
func preparePostgres(ctx context.Context, install *DirectusInstall, dir string) error {
	postgres, err := StartPostgres(ctx, PostgresOptions{})
	if err != nil {
		return err
	}
	defer postgres.Stop()
	if err := postgres.Exec(ctx, "postgres", "CREATE DATABASE directus"); err != nil {
		return err
	}
	if err := install.bootstrap(ctx, postgresVariables(postgres)); err != nil {
		return err
	}
	postgres.process.Stop() // only a stopped cluster can be copied
	for _, name := range []string{"postmaster.pid", "postmaster.opts"} {
		_ = os.Remove(filepath.Join(postgres.dir, "data", name))
	}
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(postgres.dir, "data"))); err != nil {
		return fmt.Errorf("keep the prepared cluster: %w", err)
	}
	return nil
}

// bootstrap creates Directus's tables and its administrator.
func (i *DirectusInstall) bootstrap(ctx context.Context, database map[string]string) error {
	dir, err := os.MkdirTemp("", "gatehouse-bootstrap-")
	if err != nil {
		return fmt.Errorf("bootstrap: %w", err)
	}
	defer os.RemoveAll(dir)
	env := directusEnv(DirectusOptions{}, "http://127.0.0.1:8055", 8055)
	maps.Copy(env, database)
	process, err := i.run(dir, env, "bootstrap")
	if err != nil {
		return err
	}
	return process.Wait(ctx)
}

func sqliteEnv(file string) map[string]string {
	return map[string]string{"DB_CLIENT": "sqlite3", "DB_FILENAME": file}
}

func postgresVariables(p *Postgres) map[string]string {
	return map[string]string{
		"DB_CLIENT": "pg", "DB_HOST": p.Host, "DB_PORT": strconv.Itoa(p.Port),
		"DB_DATABASE": "directus", "DB_USER": p.User, "DB_PASSWORD": "unused",
	}
}
