package stack

import (
	"context"
	"fmt"
	"net"
	"strings"

	"github.com/redis/go-redis/v9"
)

// slots is the number of hash slots that the masters of a Cluster share.
const slots = 16384

// RedisClusterOptions are all optional.
type RedisClusterOptions struct {
	Password   string // of every node
	AppendOnly bool   // as in RedisOptions
}

// RedisCluster is a Redis Cluster of three masters without replicas. While one
// is killed, its keys are out of reach and the others serve on.
type RedisCluster struct {
	Addrs []string // host:port of every node
	Nodes []*Redis
}

// StartRedisCluster starts three masters and returns when each knows all slots.
func StartRedisCluster(ctx context.Context, options RedisClusterOptions) (*RedisCluster, error) {
	cluster := &RedisCluster{}
	if err := cluster.start(ctx, options); err != nil {
		cluster.Stop()
		return nil, fmt.Errorf("start Redis Cluster: %w", err)
	}
	return cluster, nil
}

func (c *RedisCluster) start(ctx context.Context, options RedisClusterOptions) error {
	const masters = 3
	var buses []int
	for range masters {
		// The bus port is by default the port plus 10000, which may not exist.
		bus, err := FreePort(ctx)
		if err != nil {
			return err
		}
		node, err := StartRedis(ctx, RedisOptions{
			Password: options.Password, AppendOnly: options.AppendOnly,
			Config: []string{
				"cluster-enabled yes", fmt.Sprintf("cluster-port %d", bus), "cluster-node-timeout 2000",
				"cluster-require-full-coverage no",
			},
		})
		if err != nil {
			return err
		}
		c.Nodes, c.Addrs, buses = append(c.Nodes, node), append(c.Addrs, node.Addr), append(buses, bus)
	}
	for i, addr := range c.Addrs {
		client := redis.NewClient(&redis.Options{Addr: addr, Password: options.Password})
		defer client.Close()
		if err := client.Do(ctx, "CLUSTER", "SET-CONFIG-EPOCH", i+1).Err(); err != nil {
			return fmt.Errorf("number node %d: %w", i, err)
		}
		if err := client.ClusterAddSlotsRange(ctx, i*slots/masters, (i+1)*slots/masters-1).Err(); err != nil {
			return fmt.Errorf("give slots to node %d: %w", i, err)
		}
		host, port, err := net.SplitHostPort(c.Addrs[0])
		if err != nil {
			return fmt.Errorf("address of node 0: %w", err)
		}
		if i == 0 {
			continue
		}
		if err := client.Do(ctx, "CLUSTER", "MEET", host, port, buses[0]).Err(); err != nil {
			return fmt.Errorf("introduce node %d: %w", i, err)
		}
	}
	return c.waitReady(ctx, options.Password)
}

// waitReady returns when every node knows the owner of every slot.
func (c *RedisCluster) waitReady(ctx context.Context, password string) error {
	for i, node := range c.Nodes {
		client := redis.NewClient(&redis.Options{Addr: node.Addr, Password: password})
		defer client.Close()
		err := poll(ctx, func() (bool, error) {
			info, err := client.ClusterInfo(ctx).Result()
			if err != nil {
				return false, err
			}
			return strings.Contains(info, "cluster_state:ok") && strings.Contains(info, fmt.Sprintf("cluster_slots_ok:%d", slots)) &&
				strings.Contains(info, fmt.Sprintf("cluster_known_nodes:%d", len(c.Nodes))), nil
		})
		if err != nil {
			return fmt.Errorf("wait for node %d: %w; the end of its log:\n%s", i, err, node.Log())
		}
	}
	return nil
}

// Stop ends all nodes and removes their data.
func (c *RedisCluster) Stop() {
	for _, node := range c.Nodes {
		node.Stop()
	}
}
