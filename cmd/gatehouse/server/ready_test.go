package server_test

import (
	"crypto/rand"
	"net/http"
	"strings"
	"testing"
	"time"

	"gatehouse/cmd/gatehouse/server"
	"gatehouse/storage/directus"
	"gatehouse/storage/directus/directustest"
)

// TestReadyWhileDirectusIsAway is the last column of the table in
// docs/operations.md, "When Directus is away".
func TestReadyWhileDirectusIsAway(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		fault directustest.Fault
		ready bool
	}{
		"down":                 {fault: directustest.Fault{Drop: true}},
		"reset midway":         {fault: directustest.Fault{Drop: true, After: true}},
		"hangs":                {fault: directustest.Fault{Hold: make(chan struct{})}},
		"500":                  {fault: directustest.Fault{Status: http.StatusInternalServerError, Code: "INTERNAL_SERVER_ERROR"}},
		"under pressure":       {fault: directustest.Fault{Status: http.StatusServiceUnavailable, Code: "SERVICE_UNAVAILABLE"}},
		"429":                  {fault: directustest.Fault{Status: http.StatusTooManyRequests, Code: "REQUESTS_EXCEEDED", RetryAfter: 3}},
		"page of a proxy":      {fault: directustest.Fault{Body: "<html>maintenance</html>"}},
		"error of a proxy":     {fault: directustest.Fault{Status: http.StatusBadGateway}},
		"wrong service token":  {fault: directustest.Fault{ServiceToken: true, Status: http.StatusUnauthorized, Code: "INVALID_CREDENTIALS"}, ready: true},
		"nobody may sign in":   {fault: directustest.Fault{Path: "/auth/login", Status: http.StatusForbidden, Code: "RESOURCE_RESTRICTED"}, ready: true},
		"looks at users alone": {fault: directustest.Fault{Path: "/users", Status: http.StatusInternalServerError, Code: "INTERNAL_SERVER_ERROR"}, ready: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now, fake := &clock{now: time.Now()}, directustest.New(t)
			client, err := directus.New(directus.Config{
				BaseURL: fake.URL, ServiceToken: fake.ServiceToken, Timeout: 250 * time.Millisecond, Now: now.Now, Random: rand.Reader,
			})
			if err != nil {
				t.Fatal(err)
			}
			handler := server.NewProbes(now.Now, discard(), server.Check{Name: "directus", Fresh: 10 * time.Second, Ask: client.Ping}).Around(http.NotFoundHandler())
			want := func(when string, ready bool) {
				t.Helper()
				status, word := http.StatusOK, `"directus":"ok"`
				if !ready {
					status, word = http.StatusServiceUnavailable, `"directus":"failing"`
				}
				if got := get(t, handler, "/readyz"); got.Code != status || !strings.Contains(got.Body.String(), word) {
					t.Errorf("%s: answered %d %s, want %d with %s", when, got.Code, got.Body, status, word)
				}
				if got := get(t, handler, "/healthz"); got.Code != http.StatusOK {
					t.Errorf("%s: the process is said to be dead", when)
				}
			}
			want("before", true)
			fake.Inject(row.fault)
			now.pass()
			want("while it is away", row.ready)
			fake.ClearFaults()
			now.pass()
			want("when it is back", true)
		})
	}
}
