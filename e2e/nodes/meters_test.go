package nodes

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
	"testing"
)

// meters stand between each node and Directus, and count what it refreshes there.
type meters struct {
	all []*meter
	// holding keeps requests to refresh from Directus until their node is gone;
	// arrived tells of which node one came.
	holding atomic.Bool
	arrived chan int
}

type meter struct {
	*httptest.Server
	refreshes atomic.Int64
}

func newMeters() *meters { return &meters{arrived: make(chan int, 100)} }

// variables lead a node to Directus past its meter.
func (m *meters) variables(t *testing.T) func(directus string, number int) []string {
	return func(directus string, number int) []string {
		for len(m.all) <= number {
			m.all = append(m.all, m.add(t, directus, len(m.all)))
		}
		return []string{"GATEHOUSE_DIRECTUS_URL=" + m.all[number].URL}
	}
}

func (m *meters) add(t *testing.T, directus string, number int) *meter {
	t.Helper()
	target, err := url.Parse(directus)
	if err != nil {
		t.Fatal(err)
	}
	forward := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Header["X-Forwarded-For"] = r.In.Header["X-Forwarded-For"]
	}}
	one := &meter{}
	one.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/auth/refresh" {
			one.refreshes.Add(1)
			// A server notices that a client is gone once it has read all of it.
			body, err := io.ReadAll(r.Body)
			if err != nil {
				return
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
			if m.holding.Load() {
				m.arrived <- number
				<-r.Context().Done()
				return
			}
		}
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(one.Close)
	return one
}

// refreshes are those of all nodes.
func (m *meters) refreshes() (all int64) {
	for _, one := range m.all {
		all += one.refreshes.Load()
	}
	return all
}

// reset counts from zero.
func (m *meters) reset() {
	for _, one := range m.all {
		one.refreshes.Store(0)
	}
}
