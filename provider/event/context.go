package event

import "context"

type contextKey int

const requestKey contextKey = iota

// Request is what is known of the HTTP request under way.
type Request struct {
	// ID is made by us and stands in every log line and on every error page.
	ID string
	// ClientAddress is the address of the person or client, as far as the
	// configured proxies can be trusted to tell it.
	ClientAddress string
	UserAgent     string
}

// WithRequest returns a context that carries the request.
func WithRequest(ctx context.Context, request Request) context.Context {
	return context.WithValue(ctx, requestKey, request)
}

// RequestOf returns what WithRequest put there, or the zero Request.
func RequestOf(ctx context.Context) Request {
	request, _ := ctx.Value(requestKey).(Request)
	return request
}
