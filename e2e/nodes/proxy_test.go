package nodes

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"sync/atomic"
	"testing"
)

// personHeader tells the proxy which network address a person comes from, so
// that two hundred people on one machine are not taken for one attacker.
const personHeader = "X-Test-Person-Address"

// proxy hands requests to the nodes in turn. It answers 502 where a node is
// gone, and never tries another: whether the request had an effect is not known.
type proxy struct {
	*httptest.Server
	nodes []string
	turn  atomic.Uint64
}

func newProxy(t *testing.T) *proxy {
	t.Helper()
	p := &proxy{}
	forward := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host = "http", p.nodes[p.turn.Add(1)%uint64(len(p.nodes))]
			r.Out.Host = r.In.Host
			r.Out.Header.Set("X-Forwarded-For", r.In.Header.Get(personHeader))
			r.Out.Header.Del(personHeader)
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
		// A connection that dies in the middle of an answer must not look like
		// an answer.
		ModifyResponse: func(response *http.Response) error {
			body, err := io.ReadAll(response.Body)
			if err != nil {
				return err
			}
			response.Body = &whole{body: body}
			return nil
		},
		Transport: &http.Transport{DisableKeepAlives: true, DialContext: (&net.Dialer{}).DialContext},
	}
	p.Server = httptest.NewServer(forward)
	t.Cleanup(p.Close)
	return p
}

// whole is a body that was read to its end.
type whole struct {
	body []byte
}

func (w *whole) Read(into []byte) (int, error) {
	if len(w.body) == 0 {
		return 0, io.EOF
	}
	n := copy(into, w.body)
	w.body = w.body[n:]
	return n, nil
}

func (*whole) Close() error { return nil }
