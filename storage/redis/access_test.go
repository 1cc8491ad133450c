package redis_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"gatehouse/e2e/stack"
	"gatehouse/storage/redis"
	"gatehouse/storage/storagetest"
)

const password = "correct-horse-battery"

// leastRights are those that the package comment names.
func leastRights() []any {
	var rights []any
	for right := range strings.FieldsSeq("~gatehouse:* +get +mget +set +getdel +del +eval +evalsha +scan +ping") {
		rights = append(rights, right)
	}
	return rights
}

func TestUserWithLeastRights(t *testing.T) {
	user := "gatehouse on >" + password
	for _, right := range leastRights() {
		user += fmt.Sprint(" ", right)
	}
	server := stack.RedisForTest(t, stack.RedisOptions{Password: "of-the-default-user", Users: []string{user}})
	config := redis.Config{Addresses: []string{server.Addr}, Username: "gatehouse", Password: password}
	t.Run("contract", func(t *testing.T) { storagetest.Run(t, fresh(config)) })

	t.Run("ping", func(t *testing.T) {
		if err := open(t, config).Ping(t.Context()); err != nil {
			t.Errorf("ping: %v", err)
		}
	})
	t.Run("foreign keys stay out of reach", func(t *testing.T) {
		config := config
		config.KeyPrefix = "other:"
		backend := open(t, config)
		if err := backend.Put(t.Context(), "a", nil, time.Hour); err == nil {
			t.Error("put under another prefix succeeded")
		}
		if err := backend.Ping(t.Context()); err == nil {
			t.Error("ping under another prefix succeeded")
		}
	})
	for name, change := range map[string]func(*redis.Config){
		"wrong password": func(c *redis.Config) { c.Password = "wrong-" + password },
		"unknown user":   func(c *redis.Config) { c.Username = "nobody" },
		"no credentials": func(c *redis.Config) { c.Username, c.Password = "", "" },
	} {
		t.Run(name, func(t *testing.T) {
			config := config
			change(&config)
			_, err := redis.Open(t.Context(), config)
			if err == nil {
				t.Fatal("opened")
			}
			if strings.Contains(err.Error(), password) {
				t.Errorf("the error shows the password: %v", err)
			}
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	one, two := []string{"127.0.0.1:6379"}, []string{"127.0.0.1:6379", "127.0.0.1:6380"}
	for name, config := range map[string]redis.Config{
		"no address":               {},
		"address without port":     {Addresses: []string{"localhost"}},
		"address as a URL":         {Addresses: []string{"redis://user:" + password + "@localhost:6379"}},
		"address with credentials": {Addresses: []string{"user:" + password + "@localhost:6379"}},
		"several addresses alone":  {Addresses: two},
		"cluster and Sentinel":     {Addresses: two, Cluster: true, MasterName: "m"},
		"database of a cluster":    {Addresses: two, Cluster: true, DB: 1},
		"username alone":           {Addresses: one, Username: "gatehouse"},
		"Sentinel password alone":  {Addresses: one, SentinelPassword: password},
		"nobody there":             {Addresses: []string{"127.0.0.1:1"}, Password: password},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := redis.Open(t.Context(), config)
			if err == nil {
				t.Fatal("opened")
			}
			if strings.Contains(err.Error(), password) {
				t.Errorf("the error shows the password: %v", err)
			}
		})
	}
}

func TestOpenWarnsOfLoss(t *testing.T) {
	for _, test := range []struct {
		name    string
		options stack.RedisOptions
		want    []string // of each warning some words
	}{
		{name: "nothing kept", want: []string{"nothing on disk"}},
		{name: "append-only file", options: stack.RedisOptions{AppendOnly: true}},
		{
			name:    "snapshots",
			options: stack.RedisOptions{Config: []string{"save 3600 1"}},
			want:    []string{"since its last snapshot"},
		},
		{
			name:    "eviction",
			options: stack.RedisOptions{AppendOnly: true, Config: []string{"maxmemory-policy allkeys-lru"}},
			want:    []string{"noeviction"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := stack.RedisForTest(t, test.options)
			var log bytes.Buffer
			open(t, redis.Config{
				Addresses: []string{server.Addr},
				Logger:    slog.New(slog.NewTextHandler(&log, nil)),
			})
			if n := strings.Count(log.String(), "level=WARN"); n != len(test.want) {
				t.Errorf("%d warnings, want %d:\n%s", n, len(test.want), log.String())
			}
			for _, words := range test.want {
				if !strings.Contains(log.String(), words) {
					t.Errorf("no warning says %q:\n%s", words, log.String())
				}
			}
		})
	}
}

// counter is a hook such as telemetry brings.
type counter struct{ commands atomic.Int64 }

func (c *counter) DialHook(next goredis.DialHook) goredis.DialHook { return next }

func (c *counter) ProcessHook(next goredis.ProcessHook) goredis.ProcessHook {
	return func(ctx context.Context, cmd goredis.Cmder) error {
		c.commands.Add(1)
		return next(ctx, cmd)
	}
}

func (c *counter) ProcessPipelineHook(next goredis.ProcessPipelineHook) goredis.ProcessPipelineHook {
	return next
}

func TestHooksSeeCommands(t *testing.T) {
	server := stack.RedisForTest(t, stack.RedisOptions{})
	hook := &counter{}
	backend := open(t, redis.Config{Addresses: []string{server.Addr}, Hooks: []goredis.Hook{hook}})
	before := hook.commands.Load()
	put(t, backend, "a", "1")
	get(t, backend, "a")
	if n := hook.commands.Load() - before; n != 2 {
		t.Errorf("%d commands seen, want 2", n)
	}
}

func TestTLS(t *testing.T) {
	certificate := writeCertificate(t)
	port, err := stack.FreePort(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	stack.RedisForTest(t, stack.RedisOptions{Password: password, Config: []string{
		fmt.Sprintf("tls-port %d", port),
		"tls-cert-file " + certificate.path, "tls-key-file " + certificate.keyPath,
		"tls-ca-cert-file " + certificate.path, "tls-auth-clients no",
	}})
	config := redis.Config{
		Addresses: []string{fmt.Sprintf("127.0.0.1:%d", port)}, Password: password,
		TLS: &tls.Config{RootCAs: certificate.pool, MinVersion: tls.VersionTLS12},
	}
	t.Run("contract", func(t *testing.T) { storagetest.Run(t, fresh(config)) })
	for name, settings := range map[string]*tls.Config{
		"unknown authority": {RootCAs: x509.NewCertPool(), MinVersion: tls.VersionTLS12},
		"another name":      {RootCAs: certificate.pool, ServerName: "redis.example.org", MinVersion: tls.VersionTLS12},
		"no encryption":     nil,
	} {
		t.Run(name, func(t *testing.T) {
			config := config
			config.TLS = settings
			if _, err := redis.Open(t.Context(), config); err == nil {
				t.Error("opened")
			}
		})
	}
}

type certificate struct {
	path, keyPath string
	pool          *x509.CertPool
}

// writeCertificate makes a certificate for 127.0.0.1 that signs itself.
func writeCertificate(t testing.TB) certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "redis"},
		NotBefore:    time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA:        true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	made := certificate{filepath.Join(folder, "redis.crt"), filepath.Join(folder, "redis.key"), x509.NewCertPool()}
	for path, block := range map[string]*pem.Block{
		made.path:    {Type: "CERTIFICATE", Bytes: der},
		made.keyPath: {Type: "PRIVATE KEY", Bytes: keyDER},
	} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	made.pool.AddCert(parsed)
	return made
}
