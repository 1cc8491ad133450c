package server

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"gatehouse/provider/event"
	"gatehouse/provider/oauth"
)

// requestIDHeader tells whoever reports a problem which lines are theirs.
const requestIDHeader = "X-Request-Id"

// Middleware is what a Chain needs.
type Middleware struct {
	Proxies Proxies
	Logger  *slog.Logger
	Now     func() time.Time
	Random  io.Reader
}

// Chain puts request id, client address, access log and recovery around a
// handler.
func (m Middleware) Chain(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := m.Now()
		id, err := oauth.RandomID(m.Random, 12)
		if err != nil {
			http.Error(w, http.StatusText(http.StatusServiceUnavailable), http.StatusServiceUnavailable)
			return
		}
		request := event.Request{ID: id, ClientAddress: m.Proxies.ClientAddress(r), UserAgent: r.UserAgent()}
		r = r.WithContext(event.WithRequest(r.Context(), request))
		w.Header().Set(requestIDHeader, id)
		recorder := &recorder{ResponseWriter: w}
		defer func() {
			m.log(r, request, recorder, m.Now().Sub(began))
		}()
		defer m.recover(recorder, r)
		next.ServeHTTP(recorder, r)
	})
}

// log writes one line a request. Queries stay out: they hold codes and hints.
func (m Middleware) log(r *http.Request, request event.Request, recorder *recorder, took time.Duration) {
	level := slog.LevelInfo
	if isProbe(r.URL.Path) {
		level = slog.LevelDebug
	}
	m.Logger.LogAttrs(r.Context(), level, "request",
		slog.String("request_id", request.ID), slog.String("method", r.Method), slog.String("path", pathOf(r)),
		slog.Int("status", recorder.code()), slog.Int64("bytes", recorder.bytes), slog.Duration("took", took),
		slog.String("client_address", request.ClientAddress), slog.String("user_agent", clipped(request.UserAgent)))
}

// longestUserAgent bounds what a stranger can write into the log with one request.
const longestUserAgent = 256

func clipped(userAgent string) string {
	return strings.ToValidUTF8(userAgent[:min(len(userAgent), longestUserAgent)], "")
}

// pathOf leaves out the handle of a waiting authorization request.
func pathOf(r *http.Request) string {
	if before, _, found := strings.Cut(r.URL.Path, "/authorize/"); found {
		return before + "/authorize/…"
	}
	return r.URL.Path
}

func (m Middleware) recover(recorder *recorder, r *http.Request) {
	cause := recover()
	if cause == nil {
		return
	}
	if err, ok := cause.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(cause)
	}
	m.Logger.ErrorContext(r.Context(), "panic", slog.String("request_id", event.RequestOf(r.Context()).ID),
		slog.Any("cause", cause), slog.String("stack", string(debug.Stack())))
	if recorder.status == 0 {
		http.Error(recorder, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
	}
}

// recorder remembers what was answered.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 && status >= http.StatusOK {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(body []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	n, err := r.ResponseWriter.Write(body)
	r.bytes += int64(n)
	return n, err
}

// Unwrap serves http.ResponseController.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

func (r *recorder) code() int {
	if r.status == 0 {
		return http.StatusOK
	}
	return r.status
}
