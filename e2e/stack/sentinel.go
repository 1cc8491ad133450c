package stack

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"

	"github.com/redis/go-redis/v9"
)

// SentinelOptions are all optional.
type SentinelOptions struct {
	MasterName string // "gatehouse" when empty
	Sentinels  int    // 1 to 3; 3 when 0
	Password   string // of the data nodes, not of the sentinels
	AppendOnly bool   // as in RedisOptions
}

// Sentinel is a master and a replica, watched by sentinels that promote the
// replica about a second after the master is gone.
type Sentinel struct {
	MasterName string
	Addrs      []string // host:port of the sentinels
	Master     *Redis   // the master at the start
	Replica    *Redis   // the replica at the start
	Sentinels  []*Redis
}

// StartSentinel starts them all and returns when the replica is in step and the
// sentinels know it and one another, so that a fail-over can succeed.
func StartSentinel(ctx context.Context, options SentinelOptions) (*Sentinel, error) {
	options.MasterName = cmp.Or(options.MasterName, "gatehouse")
	options.Sentinels = cmp.Or(options.Sentinels, 3)
	s := &Sentinel{MasterName: options.MasterName}
	if err := s.start(ctx, options); err != nil {
		s.Stop()
		return nil, fmt.Errorf("start Redis Sentinel: %w", err)
	}
	return s, nil
}

func (s *Sentinel) start(ctx context.Context, options SentinelOptions) error {
	data := RedisOptions{Password: options.Password, AppendOnly: options.AppendOnly, Config: []string{"repl-diskless-sync-delay 0"}}
	if options.Password != "" {
		// Either may be the replica of the other after a fail-over.
		data.Config = append(data.Config, "masterauth "+strconv.Quote(options.Password))
	}
	var err error
	if s.Master, err = StartRedis(ctx, data); err != nil {
		return err
	}
	host, port, err := net.SplitHostPort(s.Master.Addr)
	if err != nil {
		return fmt.Errorf("address of the master: %w", err)
	}
	replica := data
	replica.Config = append(slices.Clip(replica.Config), "replicaof "+host+" "+port)
	if s.Replica, err = StartRedis(ctx, replica); err != nil {
		return err
	}
	if err := s.waitReplica(ctx, options.Password); err != nil {
		return err
	}
	for range options.Sentinels {
		if err := s.addSentinel(ctx, options, host, port); err != nil {
			return err
		}
	}
	return s.waitReady(ctx)
}

func (s *Sentinel) addSentinel(ctx context.Context, options SentinelOptions, host, port string) error {
	own, err := FreePort(ctx)
	if err != nil {
		return err
	}
	name := options.MasterName
	lines := []string{
		fmt.Sprintf("sentinel monitor %s %s %s %d", name, host, port, options.Sentinels/2+1),
		"sentinel down-after-milliseconds " + name + " 1000",
		"sentinel failover-timeout " + name + " 3000",
	}
	if options.Password != "" {
		lines = append(lines, "sentinel auth-pass "+name+" "+strconv.Quote(options.Password))
	}
	sentinel, err := startRedis(ctx, "Redis Sentinel", own, lines, "--sentinel")
	if err != nil {
		return err
	}
	s.Sentinels, s.Addrs = append(s.Sentinels, sentinel), append(s.Addrs, sentinel.Addr)
	return nil
}

func (s *Sentinel) waitReplica(ctx context.Context, password string) error {
	client := redis.NewClient(&redis.Options{Addr: s.Replica.Addr, Password: password})
	defer client.Close()
	err := poll(ctx, func() (bool, error) {
		role, err := client.Do(ctx, "ROLE").Slice()
		return err == nil && len(role) > 3 && role[3] == "connected", err
	})
	if err != nil {
		return fmt.Errorf("wait for the replica: %w; the end of its log:\n%s", err, s.Replica.Log())
	}
	return nil
}

func (s *Sentinel) waitReady(ctx context.Context) error {
	for i, sentinel := range s.Sentinels {
		client := redis.NewSentinelClient(&redis.Options{Addr: sentinel.Addr})
		defer client.Close()
		err := poll(ctx, func() (bool, error) {
			master, err := client.Master(ctx, s.MasterName).Result()
			if err != nil {
				return false, err
			}
			return master["num-slaves"] == "1" && master["num-other-sentinels"] == strconv.Itoa(len(s.Sentinels)-1), nil
		})
		if err != nil {
			return fmt.Errorf("wait for sentinel %d: %w; the end of its log:\n%s", i, err, sentinel.Log())
		}
	}
	return nil
}

// Stop ends the sentinels and both data nodes, and removes their data.
func (s *Sentinel) Stop() {
	for _, sentinel := range s.Sentinels {
		sentinel.Stop()
	}
	for _, node := range []*Redis{s.Replica, s.Master} {
		if node != nil {
			node.Stop()
		}
	}
}
