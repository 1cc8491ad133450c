package rest

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// RefusalError is an answer other than 2xx. It carries nothing of the body but the
// code.
type RefusalError struct {
	Name   string
	Status int
	// Code is extensions.code of the first error, empty if the answer was
	// not Directus's.
	Code string
	// Field is the column that Directus complains of, or empty.
	Field string
	// Echoed says that the answer repeats Request.Echo.
	Echoed bool
	// RetryAfter is the wait that the server asked for, or zero.
	RetryAfter time.Duration
}

func (r *RefusalError) Error() string {
	if r.Code == "" {
		return fmt.Sprintf("%s: directus answered %d", r.Name, r.Status)
	}
	return fmt.Sprintf("%s: directus answered %d %s", r.Name, r.Status, r.Code)
}

// FailureError is a request that got no usable answer.
type FailureError struct {
	Name string
	// Sent says that the request may have reached Directus.
	Sent bool
	// TimedOut says that the time for the request was over.
	TimedOut bool
	// TooLarge says that the answer was larger than the caller wants.
	TooLarge bool
	// RetryAfter is how long to wait before another try, or zero.
	RetryAfter time.Duration

	reason string
}

func (f *FailureError) Error() string { return f.Name + ": " + f.reason }

// Code is the code of the RefusalError in err, or empty.
func Code(err error) string {
	if refusal, ok := errors.AsType[*RefusalError](err); ok {
		return refusal.Code
	}
	return ""
}

// Status is the status of the RefusalError in err, or zero.
func Status(err error) int {
	if refusal, ok := errors.AsType[*RefusalError](err); ok {
		return refusal.Status
	}
	return 0
}

// Uncertain says that Directus may have acted on the request before it failed:
// the answer never came, or tells of a fault in the middle of it. A proxy that
// answers for Directus (502, 504, 503 without a code) may have lost only the
// answer; Directus's own 503 turns away at the door.
func Uncertain(err error) bool {
	if failure, ok := errors.AsType[*FailureError](err); ok {
		return failure.Sent
	}
	if Status(err) == http.StatusServiceUnavailable {
		return Code(err) == ""
	}
	return Status(err) >= http.StatusInternalServerError
}

func newRefusal(request Request, response *http.Response) *RefusalError {
	refusal := &RefusalError{Name: request.Name, Status: response.StatusCode}
	if seconds, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil && seconds > 0 {
		refusal.RetryAfter = time.Duration(min(seconds, 3600)) * time.Second
	}
	raw, err := io.ReadAll(io.LimitReader(response.Body, maxRefusal))
	if err != nil {
		return refusal
	}
	var envelope struct {
		Errors []struct {
			Extensions struct {
				Code   string          `json:"code"`
				Field  json.RawMessage `json:"field"`
				Reason json.RawMessage `json:"reason"`
			} `json:"extensions"`
		} `json:"errors"`
	}
	if json.Unmarshal(raw, &envelope) != nil || len(envelope.Errors) == 0 {
		return refusal
	}
	extensions := envelope.Errors[0].Extensions
	if isCode(extensions.Code) {
		refusal.Code = extensions.Code
	}
	// Either may be null, or another type in another version.
	var field, reason string
	if json.Unmarshal(extensions.Field, &field) == nil && columnName.MatchString(field) {
		refusal.Field = field
	}
	refusal.Echoed = request.Echo != "" && json.Unmarshal(extensions.Reason, &reason) == nil &&
		strings.Contains(reason, request.Echo)
	return refusal
}

// columnName keeps anything else that "field" may hold out of our errors.
var columnName = regexp.MustCompile(`^[a-z_]{1,32}$`)

// Field is the column that the RefusalError in err complains of, or empty.
func Field(err error) string {
	if refusal, ok := errors.AsType[*RefusalError](err); ok {
		return refusal.Field
	}
	return ""
}

// Echoed says that the refusal in err repeats Request.Echo.
func Echoed(err error) bool {
	refusal, ok := errors.AsType[*RefusalError](err)
	return ok && refusal.Echoed
}

// isCode keeps anything but a code of Directus's kind out of our logs.
func isCode(code string) bool {
	if code == "" || len(code) > 64 {
		return false
	}
	for _, r := range code {
		if (r < 'A' || r > 'Z') && r != '_' && (r < '0' || r > '9') {
			return false
		}
	}
	return true
}

// failure tells the end of the caller's context from the end of our own time.
func (c *Caller) failure(ctx, limited context.Context, request Request, failure FailureError) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", request.Name, context.Cause(ctx))
	}
	failure.Name = request.Name
	if limited.Err() != nil {
		failure.TimedOut = true
		failure.reason = "no answer within " + c.timeout.String()
	}
	return &failure
}

func isDialError(err error) bool {
	operation, ok := errors.AsType[*net.OpError](err)
	return ok && operation.Op == "dial"
}

// describe names what went wrong without the words of the transport where these
// could quote the answer ("malformed HTTP response …").
func describe(err error) string {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return "certificate of directus is not trusted"
	}
	if resolve, ok := errors.AsType[*net.DNSError](err); ok {
		return resolve.Error()
	}
	if operation, ok := errors.AsType[*net.OpError](err); ok {
		return operation.Error()
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return "connection was closed before an answer"
	}
	return "request failed"
}
