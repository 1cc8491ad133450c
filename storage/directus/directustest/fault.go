package directustest

import (
	"fmt"
	"net/http"
	"strconv"
)

// Fault is what happens to the requests to a path instead of, or besides, what
// they ask for.
type Fault struct {
	// Path is matched exactly; an empty one stands for every path.
	Path string
	// Times is how many requests it happens to; 0 stands for all from now on.
	Times int
	// Status and Code are answered if Status is not 0. RetryAfter is in
	// seconds. An empty Code answers a page that is not Directus's.
	Status     int
	Code       string
	RetryAfter int
	// Body is answered with status 200, as it is, if not empty.
	Body string
	// ServiceToken lets it happen to requests of the service token alone.
	ServiceToken bool
	// Drop closes the connection without an answer.
	Drop bool
	// After lets the request do its work first and spoils only the answer.
	After bool
	// Arrived is told of each request, and Hold lets it go on once it can be
	// received from (close it to let all go). Either may be nil.
	Arrived chan<- struct{}
	Hold    <-chan struct{}

	left int
}

// Inject adds a fault. Of several that match, the first added happens first.
func (s *Server) Inject(fault Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fault.left = fault.Times
	s.faults = append(s.faults, &fault)
}

// ClearFaults ends all faults.
func (s *Server) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

func (s *Server) nextFault(path string, header http.Header) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, fault := range s.faults {
		if fault.Path != "" && fault.Path != path || fault.Times > 0 && fault.left == 0 {
			continue
		}
		if fault.ServiceToken && header.Get("Authorization") != "Bearer "+s.ServiceToken.Reveal() {
			continue
		}
		fault.left--
		return fault
	}
	return nil
}

// withFaults records each request and lets faults happen to it.
func (s *Server) withFaults(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.requests = append(s.requests, Request{Method: r.Method, Path: r.URL.Path, Header: r.Header.Clone()})
		s.mu.Unlock()
		fault := s.nextFault(r.URL.Path, r.Header)
		if fault == nil {
			next.ServeHTTP(w, r)
			return
		}
		if fault.Arrived != nil {
			fault.Arrived <- struct{}{}
		}
		if fault.Hold != nil {
			select {
			case <-fault.Hold:
			case <-r.Context().Done():
			}
		}
		spoils := fault.Drop || fault.Status != 0 || fault.Body != ""
		switch {
		case !spoils:
			next.ServeHTTP(w, r)
			return
		case fault.After:
			next.ServeHTTP(discarded{}, r)
		}
		fault.answer(w)
	})
}

func (f *Fault) answer(w http.ResponseWriter) {
	switch {
	case f.Drop:
		panic(http.ErrAbortHandler)
	case f.Body != "":
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(f.Body))
	default:
		if f.RetryAfter > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(f.RetryAfter))
		}
		if f.Code == "" {
			w.WriteHeader(f.Status)
			_, _ = fmt.Fprint(w, "<html>not directus</html>")
			return
		}
		refuse(w, f.Status, f.Code)
	}
}

// discarded is where an answer goes that never arrives.
type discarded struct{}

func (discarded) Header() http.Header         { return http.Header{} }
func (discarded) Write(b []byte) (int, error) { return len(b), nil }
func (discarded) WriteHeader(int)             {}
