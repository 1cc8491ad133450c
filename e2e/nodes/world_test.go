package nodes

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gatehouse/e2e/stack"
)

const (
	appID        = "app"
	appSecret    = "app-secret-0123456789abcdef0123456789"
	userPassword = "correct horse battery staple"
	accounts     = 40
)

// world is one Directus, one Redis Cluster and some nodes behind a proxy.
type world struct {
	directus *stack.Directus
	// users are the ids of the accounts.
	users []string
	// variables are set for every node that is started, and those of ownVariables,
	// which may be nil, for one.
	variables    []string
	ownVariables func(number int) []string
	// addresses are those of the Redis Cluster, and key seals what is in it.
	addresses []string
	key       []byte
	issuer    string
	dir       string
	binary    string
	ports     []int
	nodes     []*stack.Process
}

// options change what is started.
type options struct {
	nodes int
	// backChannel is where the app hears of the end of sessions, nowhere if empty.
	backChannel string
	// exchange says that the app may have tokens of Directus.
	exchange  bool
	variables []string
	// ownVariables are those of one node, given the address of Directus.
	ownVariables func(directus string, number int) []string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return newWorldOf(t, options{nodes: 2})
}

func newWorldOf(t *testing.T, options options) *world {
	t.Helper()
	directus := stack.DirectusForTest(t, stack.DirectusOptions{})
	cluster := stack.RedisClusterForTest(t, stack.RedisClusterOptions{})
	front := newProxy(t)
	w := &world{issuer: front.URL, dir: t.TempDir(), directus: directus, variables: options.variables, addresses: cluster.Addrs, key: make([]byte, 32)}
	if _, err := rand.Read(w.key); err != nil {
		t.Fatal(err)
	}
	if options.ownVariables != nil {
		w.ownVariables = func(number int) []string { return options.ownVariables(directus.URL, number) }
	}
	w.build(t)
	w.configure(t, options)
	w.setUp(t, directus)
	for number := range accounts {
		user := stack.NewUser{Email: w.email(number), Password: userPassword, FirstName: "Ada", LastName: "Lovelace"}
		id, err := directus.CreateUser(t.Context(), user)
		if err != nil {
			t.Fatalf("create user: %v", err)
		}
		w.users = append(w.users, id)
	}
	t.Cleanup(func() {
		for _, node := range w.nodes {
			node.Stop()
		}
	})
	for number := range options.nodes {
		port, err := stack.FreePort(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		w.ports = append(w.ports, port)
		w.nodes = append(w.nodes, nil)
		front.nodes = append(front.nodes, fmt.Sprintf("127.0.0.1:%d", port))
		if err := w.start(t.Context(), number); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

func (w *world) email(number int) string {
	return fmt.Sprintf("person%d@example.com", number%accounts)
}

func (w *world) build(t *testing.T) {
	t.Helper()
	w.binary = filepath.Join(w.dir, "gatehouse")
	if err := stack.BuildGatehouse(t.Context(), w.binary); err != nil {
		t.Fatal(err)
	}
}

// configure writes what the nodes share.
func (w *world) configure(t *testing.T, options options) {
	t.Helper()
	grantTypes := []string{"authorization_code", "refresh_token"}
	app := map[string]any{
		"client_id": appID, "client_secret": appSecret, "client_name": "App", "first_party": true,
		"redirect_uris": []string{redirectURI}, "grant_types": grantTypes,
	}
	if options.backChannel != "" {
		app["backchannel_logout_uri"] = options.backChannel
	}
	if options.exchange {
		app["grant_types"], app["directus_exchange"] = append(grantTypes, exchangeType), "users"
	}
	content, err := json.Marshal(map[string]any{
		"issuer":          w.issuer,
		"trusted_proxies": []string{"127.0.0.0/8"},
		"directus":        map[string]any{"url": w.directus.URL, "public_url": w.directus.URL, "token_file": filepath.Join(w.dir, "token")},
		"store": map[string]any{
			"redis":        map[string]any{"addresses": w.addresses, "cluster": true},
			"sealing_keys": []string{base64.StdEncoding.EncodeToString(w.key)},
		},
		"clients": []map[string]any{app},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(w.config(), content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func (w *world) config() string { return filepath.Join(w.dir, "gatehouse.yaml") }

func (w *world) setUp(t *testing.T, directus *stack.Directus) {
	t.Helper()
	command := w.command("setup", []string{"setup", "--config", w.config(), "--token-file", filepath.Join(w.dir, "token")})
	command.Env = append(command.Env,
		"GATEHOUSE_SETUP_ADMIN_EMAIL="+directus.AdminEmail, "GATEHOUSE_SETUP_ADMIN_PASSWORD="+directus.AdminPassword)
	if err := stack.Run(t.Context(), command); err != nil {
		t.Fatal(err)
	}
}

func (w *world) command(name string, arguments []string) stack.Command {
	return stack.Command{
		Name: "gatehouse " + name, Path: w.binary, Args: arguments, Dir: w.dir,
		Env: []string{"PATH=/usr/bin:/bin", "HOME=" + w.dir}, Log: filepath.Join(w.dir, name+".log"),
	}
}

func (w *world) start(ctx context.Context, number int) error {
	listen := fmt.Sprintf("127.0.0.1:%d", w.ports[number])
	command := w.command(fmt.Sprintf("node%d", number), []string{"serve", "--config", w.config(), "--listen", listen})
	command.Env = append(command.Env, w.variables...)
	if w.ownVariables != nil {
		command.Env = append(command.Env, w.ownVariables(number)...)
	}
	node, err := stack.StartProcess(command)
	if err != nil {
		return err
	}
	w.nodes[number] = node
	return node.WaitReady(ctx, func(ctx context.Context) bool {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+listen+"/readyz", http.NoBody)
		if err != nil {
			return false
		}
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			return false
		}
		_ = response.Body.Close()
		return response.StatusCode == http.StatusOK
	})
}

// killAndRestart gives the node no chance to finish anything.
func (w *world) killAndRestart(ctx context.Context, number int) error {
	w.nodes[number].Kill()
	if err := w.start(ctx, number); err != nil {
		return fmt.Errorf("restart node %d: %w\n%s", number, err, strings.TrimSpace(w.nodes[number].Log()))
	}
	return nil
}
