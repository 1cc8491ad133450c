package stack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
)

// postgresPrograms are where distributions keep the server's programs, which
// are not in PATH on Debian.
var postgresPrograms = []string{"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql*/bin"}

// PostgresOptions are all optional.
type PostgresOptions struct {
	Port int // a free one when 0

	snapshot string // a data folder to start from instead of an empty cluster
}

// Postgres is a temporary PostgreSQL cluster that trusts everyone on loopback.
// It does not wait for the disk: it survives Kill, not a power cut.
type Postgres struct {
	Addr   string // host:port
	Host   string
	Port   int
	User   string // a superuser; any password will do
	Socket string // the folder of the Unix socket

	dir     string
	process *Process
}

// StartPostgres starts an empty cluster. Run by root, the server runs as the
// account postgres or else nobody, since it refuses to run as root.
func StartPostgres(ctx context.Context, options PostgresOptions) (*Postgres, error) {
	fail := func(err error) (*Postgres, error) { return nil, fmt.Errorf("start PostgreSQL: %w", err) }
	if options.snapshot == "" {
		snapshot, err := emptyCluster(ctx)
		if err != nil {
			return fail(err)
		}
		options.snapshot = snapshot
	}
	dir, err := os.MkdirTemp("", "gatehouse-postgres-")
	if err != nil {
		return fail(err)
	}
	postgres, err := bootPostgres(ctx, options, dir)
	if err != nil {
		return fail(errors.Join(err, os.RemoveAll(dir)))
	}
	return postgres, nil
}

func bootPostgres(ctx context.Context, options PostgresOptions, dir string) (*Postgres, error) {
	server, err := program("postgres", "postgresql", postgresPrograms...)
	if err != nil {
		return nil, err
	}
	user, err := unprivileged("postgres", "nobody")
	if err != nil {
		return nil, err
	}
	if options.Port == 0 {
		if options.Port, err = FreePort(ctx); err != nil {
			return nil, err
		}
	}
	data := filepath.Join(dir, "data")
	if err := os.CopyFS(data, os.DirFS(options.snapshot)); err != nil {
		return nil, fmt.Errorf("copy the prepared cluster: %w", err)
	}
	if err := os.Chmod(data, 0o700); err != nil { //nolint:gosec // a folder, and PostgreSQL insists
		return nil, fmt.Errorf("prepare the cluster: %w", err)
	}
	if err := giveTo(user, dir); err != nil {
		return nil, fmt.Errorf("prepare the cluster: %w", err)
	}
	process, err := StartProcess(Command{
		Name: "PostgreSQL", Path: server, Dir: dir, Env: postgresEnv(dir), User: user, Log: dir + ".log",
		Args: []string{
			"-D", data, "-k", dir, "-p", strconv.Itoa(options.Port), "-c", "listen_addresses=127.0.0.1",
			"-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off", "-c", "max_connections=200",
		},
		StopSignal: syscall.SIGINT, // "fast": do not wait for clients to leave
	})
	if err != nil {
		return nil, err
	}
	postgres := &Postgres{
		Addr: loopback(options.Port), Host: "127.0.0.1", Port: options.Port, User: "postgres", Socket: dir,
		dir: dir, process: process,
	}
	err = process.WaitReady(ctx, func(ctx context.Context) bool { return postgres.Exec(ctx, "postgres", "SELECT 1") == nil })
	if err != nil {
		postgres.Stop()
		return nil, err
	}
	return postgres, nil
}

// Exec runs SQL in a database.
func (p *Postgres) Exec(ctx context.Context, database, sql string) error {
	_, err := p.Query(ctx, database, sql)
	return err
}

// Query runs SQL in a database and returns what psql prints: a line a row,
// columns divided by |, no header.
func (p *Postgres) Query(ctx context.Context, database, sql string) (string, error) {
	psql, err := program("psql", "postgresql-client", postgresPrograms...)
	if err != nil {
		return "", err
	}
	command := exec.CommandContext(ctx, psql, "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", //nolint:gosec // a test's SQL
		"--set=ON_ERROR_STOP=1", "--host="+p.Host, "--port="+strconv.Itoa(p.Port), "--username="+p.User, "--dbname="+database, "--command="+sql)
	output, err := command.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("psql: %w: %s", err, output)
	}
	return strings.TrimSpace(string(output)), nil
}

// Stop ends the server and removes its data.
func (p *Postgres) Stop() {
	p.process.Stop()
	_ = os.RemoveAll(p.dir)
	_ = os.Remove(p.dir + ".log")
}

// emptyCluster is a data folder fresh from initdb, cached per server release.
func emptyCluster(ctx context.Context) (string, error) {
	initdb, err := program("initdb", "postgresql", postgresPrograms...)
	if err != nil {
		return "", err
	}
	release, err := postgresRelease(ctx)
	if err != nil {
		return "", err
	}
	return Cached(ctx, "postgres/empty-"+release, func(ctx context.Context, dir string) error {
		user, err := unprivileged("postgres", "nobody")
		if err != nil {
			return err
		}
		// Not in dir, where an unprivileged account may not reach.
		work, err := os.MkdirTemp("", "gatehouse-initdb-")
		if err != nil {
			return fmt.Errorf("initdb: %w", err)
		}
		defer os.RemoveAll(work)
		if err := giveTo(user, work); err != nil {
			return fmt.Errorf("initdb: %w", err)
		}
		err = Run(ctx, Command{
			Name: "initdb", Path: initdb, Dir: work, Env: postgresEnv(work), User: user, Log: filepath.Join(dir, "initdb.log"),
			Args: []string{
				"-D", filepath.Join(work, "data"), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8",
				"--wal-segsize=1", "--no-sync",
			},
		})
		if err != nil {
			return err
		}
		if err := os.Remove(filepath.Join(dir, "initdb.log")); err != nil {
			return fmt.Errorf("initdb: %w", err)
		}
		return os.CopyFS(dir, os.DirFS(filepath.Join(work, "data")))
	})
}

var releaseNumber = regexp.MustCompile(`[0-9]+(\.[0-9]+)*`)

// postgresRelease is the server's version number: data folders of another major
// release do not open.
func postgresRelease(ctx context.Context) (string, error) {
	server, err := program("postgres", "postgresql", postgresPrograms...)
	if err != nil {
		return "", err
	}
	output, err := exec.CommandContext(ctx, server, "--version").Output() //nolint:gosec // the server that we run
	if err != nil {
		return "", fmt.Errorf("postgres --version: %w", err)
	}
	release := releaseNumber.FindString(string(output))
	if release == "" {
		return "", fmt.Errorf("postgres --version: no number in %q", output)
	}
	return release, nil
}

func postgresEnv(home string) []string {
	return []string{"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=" + home, "LC_ALL=C.UTF-8", "TZ=UTC"}
}
