package server

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

// The paths of the probes, at the root whatever the issuer's path is.
const (
	LivePath  = "/healthz"
	ReadyPath = "/readyz"
)

func isProbe(path string) bool { return path == LivePath || path == ReadyPath }

// Check is one thing that must be well for the process to be ready.
type Check struct {
	Name string
	// Fresh is how long an answer stands before it is asked for again.
	Fresh time.Duration
	Ask   func(context.Context) error
}

// Probes answers whether the process lives, and whether it is ready: a live one
// that is not ready should get no requests, but not be restarted either. It is
// safe for concurrent use.
type Probes struct {
	checks  []*cachedCheck
	timeout time.Duration
	now     func() time.Time
	logger  *slog.Logger

	mu       sync.Mutex
	stopping bool
}

type cachedCheck struct {
	Check
	mu   sync.Mutex
	at   time.Time
	last error
}

// NewProbes returns Probes that ask each check at most as often as it says.
func NewProbes(now func() time.Time, logger *slog.Logger, checks ...Check) *Probes {
	p := &Probes{timeout: 3 * time.Second, now: now, logger: logger}
	for _, check := range checks {
		p.checks = append(p.checks, &cachedCheck{Check: check})
	}
	return p
}

// Stop makes the process not ready, so that balancers look elsewhere.
func (p *Probes) Stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stopping = true
}

// Around answers the probes and hands everything else on.
func (p *Probes) Around(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case LivePath:
			answer(w, http.StatusOK, map[string]string{"status": "ok"})
		case ReadyPath:
			p.ready(w, r)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

func (p *Probes) ready(w http.ResponseWriter, r *http.Request) {
	status, result := http.StatusOK, map[string]string{}
	p.mu.Lock()
	stopping := p.stopping
	p.mu.Unlock()
	if stopping {
		status, result["process"] = http.StatusServiceUnavailable, "stopping"
	}
	for _, check := range p.checks {
		result[check.Name] = "ok"
		if err := p.ask(r.Context(), check); err != nil {
			// The cause may name hosts: it is for the log, not for whoever
			// reaches the probe.
			status, result[check.Name] = http.StatusServiceUnavailable, "failing"
		}
	}
	answer(w, status, result)
}

// ask runs one check at a time, and hands its answer to all who wait for it.
func (p *Probes) ask(ctx context.Context, check *cachedCheck) error {
	check.mu.Lock()
	defer check.mu.Unlock()
	if !check.at.IsZero() && p.now().Sub(check.at) < check.Fresh {
		return check.last
	}
	// The answer is for everybody, so one who hangs up does not decide it.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), p.timeout)
	defer cancel()
	err := check.Ask(ctx)
	if err != nil && check.last == nil {
		p.logger.WarnContext(ctx, "not ready", slog.String("check", check.Name), slog.Any("error", err))
	}
	if err == nil && check.last != nil {
		p.logger.InfoContext(ctx, "ready again", slog.String("check", check.Name))
	}
	check.at, check.last = p.now(), err
	return err
}

func answer(w http.ResponseWriter, status int, body map[string]string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
