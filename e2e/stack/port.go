package stack

import (
	"context"
	"crypto/rand"
	"fmt"
	"math/big"
	"net"
	"strconv"
	"sync"
)

// handedOut remembers the ports given to this process, since a port is free
// again between our probing it and the child binding it.
var handedOut struct {
	sync.Mutex
	ports map[int]bool
}

// Ports are taken from below those that systems give to whoever asks for any
// (RFC 6335 has those begin at 49152, Linux at 32768): between our probing one and
// the child binding it, a server of another test could be given it.
const firstPort, ports = 20_000, 12_000

// FreePort returns a loopback TCP port that is free now and that no other call
// in this process was given.
func FreePort(ctx context.Context) (int, error) {
	for range 100 {
		offset, err := rand.Int(rand.Reader, big.NewInt(ports))
		if err != nil {
			return 0, fmt.Errorf("find a free port: %w", err)
		}
		port := firstPort + int(offset.Int64())
		if portIsFree(ctx, port) && claim(port) {
			return port, nil
		}
	}
	return 0, fmt.Errorf("find a free port: all probed ports are taken")
}

// PreferPort returns the first free loopback port from preferred upwards, so
// that a demo has memorable addresses where it can. Ports of all interfaces
// count as taken: a browser would reach either of two servers.
func PreferPort(ctx context.Context, preferred int) (int, error) {
	for port := preferred; port < preferred+100 && port < 65536; port++ {
		if portIsFree(ctx, port) && claim(port) {
			return port, nil
		}
	}
	return 0, fmt.Errorf("no free port between %d and %d", preferred, preferred+99)
}

func portIsFree(ctx context.Context, port int) bool {
	for _, host := range []string{"127.0.0.1", ""} {
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(port)))
		if err != nil {
			return false
		}
		_ = listener.Close()
	}
	return true
}

func claim(port int) bool {
	handedOut.Lock()
	defer handedOut.Unlock()
	if handedOut.ports[port] {
		return false
	}
	if handedOut.ports == nil {
		handedOut.ports = map[int]bool{}
	}
	handedOut.ports[port] = true
	return true
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
