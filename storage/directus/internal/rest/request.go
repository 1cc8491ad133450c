package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"gatehouse/storage"
)

// userAgent is sent where the request names no other.
const userAgent = "Gatehouse"

// Limits of what is read of an answer.
const (
	maxAnswer  = 4 << 20
	maxRefusal = 64 << 10
)

// Request is one request to Directus.
type Request struct {
	// Name says in errors what was being done, such as "log in".
	Name   string
	Method string
	// Path begins with a slash and is put after the base URL's path.
	Path  string
	Query url.Values
	// Token is sent as bearer token if not empty.
	Token  storage.Secret
	Header http.Header
	// Body is sent as JSON if not nil.
	Body any
	// Content is sent as it is if not nil; Body is then nil.
	Content *Content
	// Login makes the request wait among logins, for LoginWait at most.
	Login bool
	// Whole decodes the answer itself instead of its member "data".
	Whole bool
	// Redirect takes a redirection for an answer, without following it.
	Redirect bool
	// Unwell takes 503 for an answer, which is that of a health check.
	Unwell bool
	// Picture says that Directus makes the answer from a file. Whoever stored the
	// file decides how long that takes, so that it takes too long, or is put off
	// (503), does not count as no answer.
	Picture bool
	// Echo is a text that a refusal may repeat, such as a URL that is on no
	// allow-list: RefusalError.Echoed says whether it did.
	Echo string
}

// Content is a body that is not JSON.
type Content struct {
	Type  string
	Bytes []byte
}

// Answer is what is known of an answer besides its data.
type Answer struct {
	Status int
	// Date is the server's clock by the header Date, zero without one.
	Date time.Time
	// Location is where a redirection leads, if Request.Redirect is set.
	Location string
	// CacheControl is the header, and Kept says that a cache answered (RFC 9111,
	// section 5.1).
	CacheControl string
	Kept         bool
}

// Do sends the request once and decodes the member "data" of the answer into
// data, which is nil if the answer does not matter and stays as it is if the
// answer has no content. The error is a *RefusalError if
// Directus answered other than 2xx, a *FailureError if no usable answer came within
// the time, and wraps the cause of ctx's end if ctx ended.
func (c *Caller) Do(ctx context.Context, request Request, data any) (Answer, error) {
	return c.exchange(ctx, request, func(response *http.Response) error {
		return decode(response.Body, request.Whole, data)
	})
}

// Fetch is Do for an answer that is not JSON and has at most limit bytes.
func (c *Caller) Fetch(ctx context.Context, request Request, limit int) (Content, error) {
	var content Content
	_, err := c.exchange(ctx, request, func(response *http.Response) error {
		raw, err := readAll(response.Body, limit)
		content = Content{Type: response.Header.Get("Content-Type"), Bytes: raw}
		return err
	})
	return content, err
}

// exchange sends the request once and has a 2xx answer read, unless Directus is
// being left alone.
func (c *Caller) exchange(ctx context.Context, request Request, read func(*http.Response) error) (Answer, error) {
	limited, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	if refusal := c.breaker.refusal(request); refusal != nil {
		return Answer{}, refusal
	}
	done, err := c.turn(ctx, limited, request)
	if err != nil {
		return Answer{}, err
	}
	defer done()
	// Whoever waited for his turn finds out here that others waited in vain.
	return c.breaker.guard(request, func() (Answer, error) { return c.send(ctx, limited, request, read) })
}

func (c *Caller) send(ctx, limited context.Context, request Request, read func(*http.Response) error) (Answer, error) {
	message, err := c.message(limited, request)
	if err != nil {
		return Answer{}, err
	}
	response, err := c.client.Do(message)
	if err != nil {
		return Answer{}, c.failure(ctx, limited, request, FailureError{Sent: !isDialError(err), reason: describe(err)})
	}
	defer response.Body.Close()
	answer := Answer{
		Status: response.StatusCode, CacheControl: response.Header.Get("Cache-Control"), Kept: response.Header.Get("Age") != "",
	}
	if date, err := http.ParseTime(response.Header.Get("Date")); err == nil {
		answer.Date = date
	}
	if request.Redirect && response.StatusCode >= 300 && response.StatusCode <= 399 {
		answer.Location = response.Header.Get("Location")
		return answer, nil
	}
	unwell := request.Unwell && response.StatusCode == http.StatusServiceUnavailable
	if (response.StatusCode < 200 || response.StatusCode > 299) && !unwell {
		return answer, newRefusal(request, response)
	}
	if err := read(response); err != nil {
		return answer, c.failure(ctx, limited, request, FailureError{
			Sent: true, TooLarge: errors.Is(err, errTooLarge), reason: err.Error(),
		})
	}
	return answer, nil
}

// turn waits until a request may begin; done lets the next one.
func (c *Caller) turn(ctx, limited context.Context, request Request) (done func(), err error) {
	slots, refusal := c.others, FailureError{reason: "too many requests under way"}
	if request.Login {
		slots, refusal = c.logins, FailureError{reason: "too many logins under way", RetryAfter: c.loginWait}
	}
	free := func() { <-slots }
	select {
	case slots <- struct{}{}:
		return free, nil
	default:
	}
	var impatient <-chan time.Time
	if request.Login {
		timer := time.NewTimer(c.loginWait)
		defer timer.Stop()
		impatient = timer.C
	}
	select {
	case slots <- struct{}{}:
		return free, nil
	case <-impatient:
	case <-limited.Done():
	}
	return nil, c.failure(ctx, limited, request, refusal)
}

func (c *Caller) message(ctx context.Context, request Request) (*http.Request, error) {
	target := c.base.String() + request.Path
	if len(request.Query) > 0 {
		target += "?" + request.Query.Encode()
	}
	content, err := request.content()
	if err != nil {
		return nil, err
	}
	var body io.Reader
	if content != nil {
		body = bytes.NewReader(content.Bytes)
	}
	message, err := http.NewRequestWithContext(ctx, request.Method, target, body)
	if err != nil {
		return nil, fmt.Errorf("%s: make request: %w", request.Name, err)
	}
	message.Header.Set("Accept", "application/json")
	message.Header.Set("User-Agent", userAgent)
	if content != nil {
		message.Header.Set("Content-Type", content.Type)
	}
	if request.Token != "" {
		message.Header.Set("Authorization", "Bearer "+request.Token.Reveal())
	}
	for name, values := range request.Header {
		message.Header[http.CanonicalHeaderKey(name)] = values
	}
	return message, nil
}

// content is what the request carries, or nil.
func (r Request) content() (*Content, error) {
	if r.Body == nil {
		return r.Content, nil
	}
	encoded, err := json.Marshal(r.Body)
	if err != nil {
		return nil, fmt.Errorf("%s: encode request: %w", r.Name, err)
	}
	return &Content{Type: "application/json", Bytes: encoded}, nil
}

var errTooLarge = errors.New("answer is too large")

// readAll reads an answer to its end, so that the connection can be used again.
func readAll(body io.Reader, limit int) ([]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(body, int64(limit)+1))
	switch {
	case err != nil:
		return nil, errors.New("answer broke off")
	case len(raw) > limit:
		return nil, errTooLarge
	}
	return raw, nil
}

// decode reads an answer's data, if any are wanted and sent. Otherwise it refuses what
// is a page.
func decode(body io.Reader, whole bool, data any) error {
	raw, err := readAll(body, maxAnswer)
	if err != nil || len(raw) == 0 {
		return err
	}
	if data == nil {
		// A proxy's page with status 200 does not say that anything was done.
		if bytes.HasPrefix(bytes.TrimSpace(raw), []byte("<")) {
			return errors.New("answer is not what Directus would send")
		}
		return nil
	}
	envelope := struct {
		Data json.RawMessage `json:"data"`
	}{Data: raw}
	if !whole {
		envelope.Data = nil
		if json.Unmarshal(raw, &envelope) != nil || envelope.Data == nil {
			return errors.New("answer is not what Directus would send")
		}
	}
	// The decoder's errors may quote what they stumbled over.
	if json.Unmarshal(envelope.Data, data) != nil {
		return errors.New("answer is not what Directus would send")
	}
	return nil
}
