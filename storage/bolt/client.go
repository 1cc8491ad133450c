package bolt

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"net/http"
	"time"

	"gatehouse/storage"
)

// Client reaches a store through the administration socket of the process that
// holds its file. It is safe for concurrent use.
type Client struct {
	http *http.Client
}

var _ storage.Backend = (*Client)(nil)

// Dial returns a Client of the socket at path, after asking whether it answers.
func Dial(ctx context.Context, path string) (*Client, error) {
	client := &Client{http: &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", path)
		},
		MaxIdleConnsPerHost: 64,
		IdleConnTimeout:     time.Minute,
	}}}
	if err := client.Ping(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("dial administration socket: %w", err), client.Close())
	}
	return client, nil
}

const (
	openPatience = 2 * time.Second
	openInterval = 20 * time.Millisecond
)

// OpenOrDial opens the store file or, while another process holds it, dials that
// process's socket. A process that is starting or stopping has one without the
// other for a moment, which is waited for; after that the error is ErrLocked.
func OpenOrDial(ctx context.Context, options Options) (storage.Backend, error) {
	patience, cancel := context.WithTimeout(ctx, openPatience)
	defer cancel()
	ticker := time.NewTicker(openInterval)
	defer ticker.Stop()
	for {
		backend, err := Open(options)
		if err == nil {
			return backend, nil
		}
		if !errors.Is(err, ErrLocked) {
			return nil, err
		}
		client, dialErr := Dial(patience, SocketPath(options.Path))
		if dialErr == nil {
			return client, nil
		}
		select {
		case <-patience.Done():
			return nil, fmt.Errorf("%w, which answers no administration socket: %w", err, dialErr)
		case <-ticker.C:
		}
	}
}

// Get implements storage.Backend.
func (c *Client) Get(ctx context.Context, keys ...string) ([][]byte, error) {
	answer, err := c.call(ctx, "get", call{Keys: toBytes(keys)})
	if err != nil {
		return nil, err
	}
	if len(answer.Values) != len(keys) {
		return nil, fmt.Errorf("administration socket: %d values for %d keys", len(answer.Values), len(keys))
	}
	return answer.Values, nil
}

// Put implements storage.Backend.
func (c *Client) Put(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	_, err := c.call(ctx, "put", call{Key: []byte(key), Value: value, TTL: ttl})
	return err
}

// Add implements storage.Backend.
func (c *Client) Add(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	_, err := c.call(ctx, "add", call{Key: []byte(key), Value: value, TTL: ttl})
	return err
}

// Swap implements storage.Backend.
func (c *Client) Swap(ctx context.Context, key string, old, next []byte, ttl time.Duration) error {
	_, err := c.call(ctx, "swap", call{Key: []byte(key), Old: old, Value: next, TTL: ttl})
	return err
}

// Take implements storage.Backend.
func (c *Client) Take(ctx context.Context, key string) ([]byte, error) {
	answer, err := c.call(ctx, "take", call{Key: []byte(key)})
	if err != nil {
		return nil, err
	}
	if len(answer.Values) != 1 {
		return nil, fmt.Errorf("administration socket: %d values for one key", len(answer.Values))
	}
	return answer.Values[0], nil
}

// Delete implements storage.Backend.
func (c *Client) Delete(ctx context.Context, key string) error {
	_, err := c.call(ctx, "delete", call{Key: []byte(key)})
	return err
}

// Ping implements storage.Backend.
func (c *Client) Ping(ctx context.Context) error {
	_, err := c.call(ctx, "ping", call{})
	return err
}

// Close implements storage.Backend. The store itself stays open.
func (c *Client) Close() error {
	c.http.CloseIdleConnections()
	return nil
}

// Keys implements storage.Backend.
func (c *Client) Keys(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		// Ends the answer, and the server's work on it, when the caller stops early.
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		body, err := c.send(ctx, "keys", call{Key: []byte(prefix)})
		if err != nil {
			yield("", err)
			return
		}
		defer body.Close()
		decoder := json.NewDecoder(body)
		for {
			answer, err := readReply(ctx, decoder)
			if ctx.Err() != nil {
				err = ctx.Err() // whatever else was on its way already
			}
			if err != nil {
				yield("", err)
				return
			}
			for _, key := range answer.Keys {
				if !yield(string(key), nil) {
					return
				}
			}
			if answer.End {
				return
			}
		}
	}
}

func (c *Client) call(ctx context.Context, method string, asked call) (reply, error) {
	body, err := c.send(ctx, method, asked)
	if err != nil {
		return reply{}, err
	}
	defer body.Close()
	answer, err := readReply(ctx, json.NewDecoder(body))
	if err != nil {
		return reply{}, err
	}
	// Read to the end, so that the connection can be used again.
	_, err = io.Copy(io.Discard, body)
	return answer, err
}

func (c *Client) send(ctx context.Context, method string, asked call) (io.ReadCloser, error) {
	content, err := json.Marshal(asked)
	if err != nil {
		return nil, fmt.Errorf("administration socket: %w", err)
	}
	// The address is that of the socket, whatever the URL says. A body that Go
	// could send again is not offered: a second Add of ours would be refused.
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://gatehouse"+pathPrefix+method,
		io.NopCloser(bytes.NewReader(content)))
	if err != nil {
		return nil, fmt.Errorf("administration socket: %w", err)
	}
	request.ContentLength = int64(len(content))
	response, err := c.http.Do(request)
	if err != nil {
		return nil, fmt.Errorf("administration socket: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		_ = response.Body.Close()
		return nil, fmt.Errorf("administration socket: %s", response.Status)
	}
	return response.Body, nil
}

// readReply reads one reply. A stream that ends before one is an error.
func readReply(ctx context.Context, decoder *json.Decoder) (reply, error) {
	var answer reply
	if err := decoder.Decode(&answer); err != nil {
		if ctx.Err() != nil {
			return reply{}, ctx.Err()
		}
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return reply{}, fmt.Errorf("administration socket: %w", err)
	}
	return answer, answer.err()
}
