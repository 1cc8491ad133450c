package oauth

import (
	"errors"
	"mime"
	"net/http"
	"net/url"
)

// MaxFormSize bounds the body of a request in bytes.
const MaxFormSize = 64 << 10

// ReadForm reads the body of a POST, once, and returns its parameters. The
// query is not merged in. It refuses another method, another content type,
// parameters in the query (which would end up in logs) and a parameter given
// twice (RFC 6749, section 3.2), except those named in repeatable.
func ReadForm(w http.ResponseWriter, r *http.Request, repeatable ...string) (url.Values, error) {
	if r.Method != http.MethodPost {
		return nil, NewError(InvalidRequest, "this endpoint answers POST only").
			WithStatus(http.StatusMethodNotAllowed).WithHeader("Allow", http.MethodPost)
	}
	if r.URL.RawQuery != "" {
		return nil, NewError(InvalidRequest, "parameters belong in the body, not in the query")
	}
	return ReadBody(w, r, repeatable...)
}

// ReadBody is ReadForm without a word on method and query.
func ReadBody(w http.ResponseWriter, r *http.Request, repeatable ...string) (url.Values, error) {
	values, err := ParseBody(w, r)
	if err != nil {
		return nil, err
	}
	return values, RefuseDuplicates(values, repeatable...)
}

// ParseBody reads the body and leaves duplicates to the caller.
func ParseBody(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || mediaType != "application/x-www-form-urlencoded" {
		return nil, NewError(InvalidRequest, "the body must be application/x-www-form-urlencoded")
	}
	r.Body = http.MaxBytesReader(w, r.Body, MaxFormSize)
	if err := r.ParseForm(); err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return nil, NewError(InvalidRequest, "the body is too large").WithStatus(http.StatusRequestEntityTooLarge)
		}
		return nil, NewError(InvalidRequest, "the body is malformed")
	}
	return r.PostForm, nil
}

// RefuseDuplicates returns invalid_request for a parameter given more than once
// (RFC 6749, section 3.1), except those named in repeatable.
func RefuseDuplicates(values url.Values, repeatable ...string) error {
next:
	for name, given := range values {
		if len(given) < 2 {
			continue
		}
		for _, r := range repeatable {
			if name == r {
				continue next
			}
		}
		return NewError(InvalidRequest, "a parameter is given more than once")
	}
	return nil
}
