//go:build linux

package bench_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"gatehouse/provider/providertest"
)

// app is what a browser and an app send, to the provider or to the floor: both
// sides are measured with the very same client.
type app struct {
	http       *http.Client
	base       string
	id, secret string
	// authorization is the path and query of a silent authorization request.
	authorization string
	verifier      string
}

func (h *house) app(b *testing.B, id string) *app {
	b.Helper()
	rp := h.relyingParty(b, id)
	address, err := url.Parse(rp.AuthorizationURL(nil))
	if err != nil {
		b.Fatal(err)
	}
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	b.Cleanup(transport.CloseIdleConnections)
	return &app{
		http: &http.Client{
			Transport:     transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		base: h.server.Issuer, id: id, secret: providertest.WebSecret,
		authorization: address.RequestURI(), verifier: rp.Verifier(),
	}
}

// at is the same app sending to another server.
func (a *app) at(base string) *app {
	moved := *a
	moved.base = base
	return &moved
}

// tokens is what an app reads of a token answer.
type tokens struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
	ID      string `json:"id_token"`
}

// signIn is the silent code flow: the browser is sent back with a code, and the
// app redeems it.
func (a *app) signIn(cookie string) (tokens, error) {
	answer, err := a.send(http.MethodGet, a.authorization, nil, "Cookie", cookie)
	if err != nil {
		return tokens{}, err
	}
	location, err := url.Parse(answer.location)
	if err != nil {
		return tokens{}, err
	}
	code := location.Query().Get("code")
	if code == "" {
		return tokens{}, fmt.Errorf("authorization answered %d %s", answer.status, location)
	}
	return a.token(url.Values{
		"grant_type": {"authorization_code"}, "code": {code},
		"redirect_uri": {providertest.WebRedirectURI}, "code_verifier": {a.verifier},
	})
}

func (a *app) refresh(refreshToken string) (tokens, error) {
	return a.token(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refreshToken}})
}

func (a *app) token(form url.Values) (tokens, error) {
	body, err := a.post("/token", form)
	if err != nil {
		return tokens{}, err
	}
	var read tokens
	return read, json.Unmarshal(body, &read)
}

func (a *app) post(path string, form url.Values) ([]byte, error) {
	answer, err := a.send(http.MethodPost, path, form, "", "")
	return answer.body, err
}

func (a *app) get(path, bearer string) error {
	_, err := a.send(http.MethodGet, path, nil, "Authorization", "Bearer "+bearer)
	return err
}

// received is what is read of a response.
type received struct {
	status   int
	location string
	body     []byte
}

func (a *app) send(method, path string, form url.Values, header, value string) (received, error) {
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequest(method, a.base+path, body) //nolint:noctx // a benchmark is not cancelled
	if err != nil {
		return received{}, err
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.SetBasicAuth(a.id, a.secret)
	}
	if header != "" {
		r.Header.Set(header, value)
	}
	response, err := a.http.Do(r)
	if err != nil {
		return received{}, err
	}
	defer response.Body.Close()
	var read bytes.Buffer
	if _, err := read.ReadFrom(response.Body); err != nil {
		return received{}, err
	}
	if response.StatusCode >= http.StatusBadRequest {
		return received{}, fmt.Errorf("%s %s answered %d: %s", method, path, response.StatusCode, read.String())
	}
	return received{status: response.StatusCode, location: response.Header.Get("Location"), body: read.Bytes()}, nil
}
