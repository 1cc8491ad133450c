package redis

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"gatehouse/storage"
)

// DefaultKeyPrefix stands before every key unless Config says otherwise.
const DefaultKeyPrefix = "gatehouse:"

// Config says where Redis is and how to speak to it.
type Config struct {
	// Addresses are host:port: of the one server, of some nodes of the
	// Cluster, or of the Sentinels.
	Addresses []string
	// MasterName is the name that the Sentinels know the master by; it is
	// empty without Sentinel.
	MasterName string
	// Cluster says that Addresses are nodes of a Redis Cluster.
	Cluster bool

	// Username and Password are those of an ACL user, or a password alone.
	Username string
	Password storage.Secret
	// SentinelUsername and SentinelPassword are asked by the Sentinels
	// themselves, if at all.
	SentinelUsername string
	SentinelPassword storage.Secret
	// DB is the number of the database; a Cluster has only 0.
	DB int
	// TLS is nil for an unencrypted connection. Sentinels are spoken to in the
	// same way.
	TLS *tls.Config

	// KeyPrefix stands before every key: DefaultKeyPrefix if empty.
	KeyPrefix string
	// DialTimeout and Timeout (of one command) are 2 s and 3 s if zero. The
	// deadline of a context counts as well.
	DialTimeout time.Duration
	Timeout     time.Duration
	// PoolSize bounds the connections to each node: 10 for each processor if
	// zero. They are opened as they are needed.
	PoolSize int

	// Hooks are called around every command, for telemetry. They see the
	// arguments, of which those of HELLO and AUTH are secret.
	Hooks []goredis.Hook
	// Logger is told about settings of Redis that lose data. It may be nil.
	Logger *slog.Logger
}

// Backend is a connection pool. It is safe for concurrent use.
type Backend struct {
	client goredis.UniversalClient
	// Of these two one is client, the other is nil.
	cluster *goredis.ClusterClient
	single  *goredis.Client

	prefix string
	swap   script
}

var _ storage.Backend = (*Backend)(nil)

// Open connects, and refuses a Redis that is too old to keep the contract.
func Open(ctx context.Context, config Config) (*Backend, error) {
	if err := config.check(); err != nil {
		return nil, fmt.Errorf("redis: %w", err)
	}
	b := &Backend{prefix: config.KeyPrefix, swap: newScript(swapSource)}
	if b.prefix == "" {
		b.prefix = DefaultKeyPrefix
	}
	options := config.options()
	switch {
	case config.Cluster:
		cluster := options.Cluster()
		// Every command has one key or is sent to a node by name. Routing by
		// policy would ask for COMMAND, which an ACL may forbid, and repeat
		// commands in its own way.
		cluster.DisableRoutingPolicies = true
		b.cluster = goredis.NewClusterClient(cluster)
		b.client = b.cluster
	case config.MasterName != "":
		b.single = goredis.NewFailoverClient(options.Failover())
		b.client = b.single
	default:
		b.single = goredis.NewClient(options.Simple())
		b.client = b.single
	}
	for _, hook := range config.Hooks {
		b.client.AddHook(hook)
	}
	if err := b.inspect(ctx, config.Logger); err != nil {
		return nil, errors.Join(fmt.Errorf("redis: %w", err), b.Close())
	}
	return b, nil
}

// check finds what does not fit together. Its errors repeat no address: one that
// was given as a URL has a password in it.
func (c Config) check() error {
	if len(c.Addresses) == 0 {
		return errors.New("no address")
	}
	for i, address := range c.Addresses {
		if host, port, err := net.SplitHostPort(address); err != nil || host == "" || port == "" ||
			strings.ContainsAny(address, "/@") {
			return fmt.Errorf("address %d is not host:port", i+1)
		}
	}
	switch {
	case c.Cluster && c.MasterName != "":
		return errors.New("cluster and Sentinel master name exclude each other")
	case len(c.Addresses) > 1 && !c.Cluster && c.MasterName == "":
		return errors.New("several addresses need either a Sentinel master name or cluster")
	case c.Cluster && c.DB != 0:
		return errors.New("a cluster has no databases but 0")
	case c.Username != "" && c.Password == "":
		return errors.New("username without password")
	case c.MasterName == "" && (c.SentinelUsername != "" || c.SentinelPassword != ""):
		return errors.New("credentials for Sentinel without a master name")
	}
	return nil
}

const (
	defaultDialTimeout = 2 * time.Second
	defaultTimeout     = 3 * time.Second
	maxIdleTime        = 5 * time.Minute
	// bufferSize is of each direction of each connection; records are small.
	bufferSize = 4 << 10
)

func (c Config) options() *goredis.UniversalOptions {
	dialTimeout, timeout := c.DialTimeout, c.Timeout
	if dialTimeout == 0 {
		dialTimeout = defaultDialTimeout
	}
	if timeout == 0 {
		timeout = defaultTimeout
	}
	return &goredis.UniversalOptions{
		Addrs:                 c.Addresses,
		MasterName:            c.MasterName,
		IsClusterMode:         c.Cluster,
		Username:              c.Username,
		Password:              c.Password.Reveal(),
		SentinelUsername:      c.SentinelUsername,
		SentinelPassword:      c.SentinelPassword.Reveal(),
		DB:                    c.DB,
		TLSConfig:             c.TLS,
		DialTimeout:           dialTimeout,
		DialerRetries:         2,
		ReadTimeout:           timeout,
		WriteTimeout:          timeout,
		ContextTimeoutEnabled: true,
		PoolSize:              c.PoolSize,
		ConnMaxIdleTime:       maxIdleTime,
		ReadBufferSize:        bufferSize,
		WriteBufferSize:       bufferSize,
		PipelinePoolSize:      -1, // pipelines share the one pool
		// Both send commands at connecting that an ACL may forbid.
		DisableIdentity:          true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}
}

// Close implements storage.Backend.
func (b *Backend) Close() error {
	if err := b.client.Close(); err != nil {
		return fmt.Errorf("redis: close: %w", err)
	}
	return nil
}

// Ping implements storage.Backend. It asks every master whether it answers, and
// one of them for a write that changes nothing: SET of a missing key "if it
// exists" is refused by a replica, by a server out of memory, and by one that
// cannot write to its disk (MISCONF), as any other write is.
func (b *Backend) Ping(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	err := b.client.SetXX(ctx, b.prefix+"probe", "", 0).Err()
	if err != nil && !errors.Is(err, goredis.Nil) {
		return fmt.Errorf("redis: probe: %w", err)
	}
	if b.cluster == nil {
		return nil
	}
	err = b.cluster.ForEachMaster(ctx, func(ctx context.Context, master *goredis.Client) error {
		return master.Ping(ctx).Err()
	})
	if err != nil {
		return fmt.Errorf("redis: ping: %w", err)
	}
	return nil
}
