package stack

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// RedisOptions are all optional.
type RedisOptions struct {
	Port     int    // a free one when 0
	Password string // requirepass: the password of the user "default"

	// Users are ACL rules, each as in redis.conf after the word user:
	// "gatehouse on >secret ~* &* +@all".
	Users []string

	// AppendOnly writes every change to disk before it is acknowledged, so that
	// nothing acknowledged is lost by Kill.
	AppendOnly bool

	// Config holds further lines of redis.conf.
	Config []string
}

// Redis is one redis-server.
type Redis struct {
	Addr string // host:port

	name    string
	dir     string
	server  string
	args    []string
	process *Process
}

// StartRedis starts an empty Redis.
func StartRedis(ctx context.Context, options RedisOptions) (*Redis, error) {
	if options.Port == 0 {
		port, err := FreePort(ctx)
		if err != nil {
			return nil, fmt.Errorf("start Redis: %w", err)
		}
		options.Port = port
	}
	lines := []string{"save \"\"", "appendonly no"}
	if options.AppendOnly {
		lines = []string{"save \"\"", "appendonly yes", "appendfsync always"}
	}
	if options.Password != "" {
		lines = append(lines, "requirepass "+strconv.Quote(options.Password))
	}
	for _, user := range options.Users {
		lines = append(lines, "user "+user)
	}
	return startRedis(ctx, "Redis", options.Port, append(lines, options.Config...))
}

// startRedis writes redis.conf into a new folder and starts the server, with
// further arguments.
func startRedis(ctx context.Context, name string, port int, lines []string, args ...string) (*Redis, error) {
	server, err := program("redis-server", "redis-server")
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	dir, err := os.MkdirTemp("", "gatehouse-redis-")
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	config := filepath.Join(dir, "redis.conf")
	lines = append([]string{fmt.Sprintf("port %d", port), "bind 127.0.0.1", "dir " + dir}, lines...)
	if err := os.WriteFile(config, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, errors.Join(err, os.RemoveAll(dir)))
	}
	r := &Redis{Addr: loopback(port), name: name, dir: dir, server: server, args: append([]string{config}, args...)}
	if err := r.boot(ctx); err != nil {
		r.Stop()
		return nil, err
	}
	return r, nil
}

func (r *Redis) boot(ctx context.Context) error {
	process, err := StartProcess(Command{
		Name: r.name, Path: r.server, Args: r.args, Dir: r.dir, Log: filepath.Join(r.dir, "redis.log"),
		Env: []string{"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C.UTF-8"},
	})
	if err != nil {
		return err
	}
	r.process = process
	return process.WaitReady(ctx, r.answers)
}

// answers reports whether the server serves: it does when it answers PONG or
// asks who we are, and does not while it loads its data.
func (r *Redis) answers(ctx context.Context) bool {
	connection, err := (&net.Dialer{}).DialContext(ctx, "tcp", r.Addr)
	if err != nil {
		return false
	}
	defer connection.Close()
	if _, err := connection.Write([]byte("PING\r\n")); err != nil {
		return false
	}
	answer, err := bufio.NewReader(connection).ReadString('\n')
	return err == nil && (strings.HasPrefix(answer, "+PONG") || strings.HasPrefix(answer, "-NOAUTH"))
}

// Stop ends the server and removes its data.
func (r *Redis) Stop() {
	if r.process != nil {
		r.process.Stop()
	}
	_ = os.RemoveAll(r.dir)
}

// Kill ends the server at once, as kill -9 does; Restart brings it back, and
// Stop is still needed.
func (r *Redis) Kill() { r.process.Kill() }

// Restart stops the server if it still runs and starts it again at the same
// address, with the data that AppendOnly kept.
func (r *Redis) Restart(ctx context.Context) error {
	r.process.Stop()
	return r.boot(ctx)
}

// Log is the end of what the server wrote.
func (r *Redis) Log() string { return r.process.Log() }
