package main

import (
	"context"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/types"

	"gatehouse/e2e/stack"
)

// composed runs services of docker-compose.yml as processes: the same commands
// with the same variables, only that hosts, ports and folders are this machine's.
type composed struct {
	project *types.Project
	binary  string
	dir     string
	places  *strings.Replacer
}

func (c *composed) command(t *testing.T, service string, arguments []string) stack.Command {
	t.Helper()
	environment := []string{"PATH=/usr/bin:/bin", "HOME=" + c.dir}
	for _, variable := range environmentOf(c.project.Services[service]) {
		environment = append(environment, c.places.Replace(variable))
	}
	moved := make([]string, len(arguments))
	for i, argument := range arguments {
		moved[i] = c.places.Replace(argument)
	}
	return stack.Command{
		Name: service, Path: c.binary, Args: moved, Dir: c.dir, Env: environment, Log: filepath.Join(c.dir, service+".log"),
	}
}

// TestComposeServicesRunTogether needs no container engine.
func TestComposeServicesRunTogether(t *testing.T) {
	project := loadCompose(t)
	directus := stack.DirectusForTest(t, stack.DirectusOptions{})
	c := &composed{project: project, dir: t.TempDir()}
	redis := c.startRedis(t)
	port, err := freePort(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c.places = strings.NewReplacer(
		"http://localhost:8080", "http://localhost:"+port, "GATEHOUSE_LISTEN=:8080", "GATEHOUSE_LISTEN=127.0.0.1:"+port,
		"http://directus:8055", directus.URL, "redis:6379", redis, "/var/lib/gatehouse", c.dir,
		"=admin@example.com", "="+directus.AdminEmail, "development-only-admin", directus.AdminPassword,
	)
	c.binary = filepath.Join(c.dir, "gatehouse")
	if err := stack.BuildGatehouse(t.Context(), c.binary); err != nil {
		t.Fatal(err)
	}

	if err := stack.Run(t.Context(), c.command(t, "setup", project.Services["setup"].Command)); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Join(c.dir, "directus-token")); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("token file: %v %v", info, err)
	}

	serve := project.Services["gatehouse"].Command
	if len(serve) == 0 {
		serve = []string{"serve"} // the image's
	}
	gatehouse, err := stack.StartProcess(c.command(t, "gatehouse", serve))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(gatehouse.Stop)
	err = gatehouse.WaitReady(t.Context(), func(ctx context.Context) bool {
		return healthy(ctx, "http://localhost:"+port+"/.well-known/openid-configuration")
	})
	if err != nil {
		t.Fatal(err)
	}
	check := c.command(t, "gatehouse", healthCommand(project.Services["gatehouse"]))
	if err := stack.Run(t.Context(), check); err != nil {
		t.Errorf("health check: %v", err)
	}
}

// startRedis runs the command of the service on a port of its own.
func (c *composed) startRedis(t *testing.T) string {
	t.Helper()
	port, err := freePort(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	service := c.project.Services["redis"].Command
	path := "/usr/bin/" + service[0]
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("GATEHOUSE_TEST_REQUIRE") == "1" {
			t.Fatal(err)
		}
		t.Skip("redis-server is not installed")
	}
	process, err := stack.StartProcess(stack.Command{
		Name: "redis", Path: path, Dir: c.dir, Log: filepath.Join(c.dir, "redis.log"),
		Args: append(service[1:len(service):len(service)], "--port", port, "--bind", "127.0.0.1", "--dir", c.dir),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(process.Stop)
	address := net.JoinHostPort("127.0.0.1", port)
	err = process.WaitReady(t.Context(), func(ctx context.Context) bool {
		connection, err := new(net.Dialer).DialContext(ctx, "tcp", address)
		if err != nil {
			return false
		}
		return connection.Close() == nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return address
}

func healthy(ctx context.Context, address string) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return false
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	return response.Body.Close() == nil && response.StatusCode == http.StatusOK
}
