package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"gatehouse/storage/directus/directustest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"gatehouse": main})
}

// The scripts in testdata are named after the behaviour they show. They have a
// Directus of their own at $DIRECTUS_URL and a free port, $PORT.
func TestScripts(t *testing.T) {
	directus := directustest.New(t)
	addClients(directus)
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(env *testscript.Env) error {
			port, err := freePort(t.Context())
			if err != nil {
				return err
			}
			env.Setenv("DIRECTUS_URL", directus.URL)
			env.Setenv("SERVICE_TOKEN", directus.ServiceToken.Reveal())
			env.Setenv("ADMIN_TOKEN", directus.AdminToken.Reveal())
			env.Setenv("PORT", port)
			env.Setenv("ISSUER", "http://localhost:"+port)
			// Making a key of 2048 bits takes its time under the race detector.
			env.Setenv("GATEHOUSE_KEYS_ALGORITHMS", "RS256,ES256")
			env.Setenv("GATEHOUSE_KEYS_ENCRYPTION_ALGORITHMS", "ECDH-ES")
			env.Setenv("XDG_DATA_HOME", env.WorkDir+"/data")
			env.Setenv("LONG_SECRET", "a-client-secret-of-more-than-32-characters")
			return nil
		},
		Cmds: scriptCommands(),
	})
}

// addClients fills the collection that clients_in_directus.txt reads, and adds
// somebody to sign in.
func addClients(directus *directustest.Server) {
	directus.AddUser(directustest.User{Email: "ada@example.com", Status: "active"})
	collection := directus.AddCollection("gatehouse_clients", "client_id")
	for id, change := range map[string]map[string]any{
		"board": nil, "shop": nil, "sleeping": {"status": "off"}, "broken": {"redirect_uris": []any{"https://broken.example/#here"}},
	} {
		collection.Put(id, map[string]any{
			"status": "active", "client_name": "Acme Board", "redirect_uris": []any{"https://" + id + ".example/cb"},
			"token_endpoint_auth_method": "client_secret_basic", "client_secret_sha256": strings.Repeat("ab", 32),
		})
		collection.Put(id, change)
	}
}

func scriptCommands() map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		"await": await, "ready": ready, "request": request, "expand": expand,
		"capture": capture, "published": published, "register": register,
	}
}

func freePort(ctx context.Context) (string, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	_, port, err := net.SplitHostPort(listener.Addr().String())
	return port, errors.Join(err, listener.Close())
}

// await URL [STATUS] waits until the address answers 200, or, if one is named, with any
// other status than that.
func await(ts *testscript.TestScript, _ bool, args []string) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		status, _, err := send(ctx, http.MethodGet, args[0], "")
		if err == nil && (status == http.StatusOK || len(args) > 1 && strconv.Itoa(status) != args[1]) {
			return
		}
		select {
		case <-ctx.Done():
			ts.Fatalf("%s does not answer: status %d, %v", args[0], status, err)
		case <-ticker.C:
		}
	}
}

// ready waits until gatehouse healthcheck says so.
func ready(ts *testscript.TestScript, _ bool, _ []string) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for ts.Exec("gatehouse", "healthcheck") != nil {
		select {
		case <-ctx.Done():
			ts.Fatalf("gatehouse does not become ready")
		case <-ticker.C:
		}
	}
}

// request METHOD URL [BODY] prints status and body of an answer.
func request(ts *testscript.TestScript, _ bool, args []string) {
	body := ""
	if len(args) > 2 {
		body = args[2]
	}
	status, answer, err := send(context.Background(), args[0], args[1], body)
	ts.Check(err)
	_, err = fmt.Fprintf(ts.Stdout(), "%d\n%s\n", status, answer)
	ts.Check(err)
}

// register URL TOKEN METADATA registers a client and prints status and body of the
// answer. An empty token is not sent.
func register(ts *testscript.TestScript, _ bool, args []string) {
	request, err := http.NewRequestWithContext(context.Background(), http.MethodPost, args[0], strings.NewReader(args[2]))
	ts.Check(err)
	request.Header.Set("Content-Type", "application/json")
	if args[1] != "" {
		request.Header.Set("Authorization", "Bearer "+args[1])
	}
	status, answer, err := do(request)
	ts.Check(err)
	_, err = fmt.Fprintf(ts.Stdout(), "%d %s\n", status, answer)
	ts.Check(err)
}

func send(ctx context.Context, method, address, body string) (int, string, error) {
	request, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return do(request)
}

func do(request *http.Request) (int, string, error) {
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	return response.StatusCode, string(answer), err
}

// capture NAME PATTERN sets a variable to the first group of the pattern in what was
// printed last.
func capture(ts *testscript.TestScript, _ bool, args []string) {
	pattern, err := regexp.Compile(args[1])
	ts.Check(err)
	found := pattern.FindStringSubmatch(ts.ReadFile("stdout"))
	if found == nil {
		ts.Fatalf("nothing printed matches %s", args[1])
	}
	ts.Setenv(args[0], found[1])
}

// published ISSUER KID waits until the key set names the key, or with ! until it
// does not. A node reads the ring at an interval, and sooner when it sees a token of
// an unknown key, so it is shown one.
func published(ts *testscript.TestScript, not bool, args []string) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	ticker := time.NewTicker(200 * time.Millisecond)
	defer ticker.Stop()
	header := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"ES256","kid":"unknown","typ":"JWT"}`))
	for {
		_, _, err := send(ctx, http.MethodGet, args[0]+"/logout?id_token_hint="+header+".e30.AA", "")
		ts.Check(err)
		_, set, err := send(ctx, http.MethodGet, args[0]+"/jwks", "")
		ts.Check(err)
		if strings.Contains(set, `"`+args[1]+`"`) != not {
			return
		}
		select {
		case <-ctx.Done():
			ts.Fatalf("key %s published: %v", args[1], not)
		case <-ticker.C:
		}
	}
}

// expand FILE replaces $NAMES in a file.
func expand(ts *testscript.TestScript, _ bool, args []string) {
	for _, name := range args {
		path := ts.MkAbs(name)
		ts.Check(os.WriteFile(path, []byte(os.Expand(ts.ReadFile(path), ts.Getenv)), 0o600))
	}
}
