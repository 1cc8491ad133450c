package nodes

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"

	"golang.org/x/oauth2"
)

// errUnanswered says that a request got no answer, so that nothing is known of
// its effect, or was told to come back later.
var errUnanswered = errors.New("no answer")

const redirectURI = "http://127.0.0.1/callback"

// person is one browser, at an address of its own, with the app in it.
type person struct {
	issuer, address        string
	clientID, clientSecret string
	scope                  string
	client                 *http.Client
}

func newPerson(issuer string, number int) (*person, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	return &person{
		issuer: issuer, address: fmt.Sprintf("198.51.%d.%d", 100+number/200, 1+number%200),
		clientID: appID, clientSecret: appSecret, scope: "openid profile",
		client: &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}, nil
}

// answer is what came back.
type answer struct {
	status   int
	location *url.URL
	body     string
}

func (p *person) do(ctx context.Context, method, address string, form url.Values) (answer, error) {
	r, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(form.Encode()))
	if err != nil {
		return answer{}, err
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.Header.Set(personHeader, p.address)
	if strings.HasSuffix(address, "/token") || strings.HasSuffix(address, "/introspect") {
		r.SetBasicAuth(p.clientID, p.clientSecret)
	}
	response, err := p.client.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode == http.StatusBadGateway || response.StatusCode == http.StatusServiceUnavailable {
		return answer{}, errors.Join(errUnanswered, err)
	}
	a := answer{status: response.StatusCode, body: string(body)}
	if location := response.Header.Get("Location"); location != "" {
		if a.location, err = r.URL.Parse(location); err != nil {
			return answer{}, err
		}
	}
	return a, nil
}

// follow goes along redirects within the provider.
func (p *person) follow(ctx context.Context, a answer) (answer, *url.URL, error) {
	for a.location != nil {
		if !strings.HasPrefix(a.location.String(), p.issuer) {
			return a, a.location, nil
		}
		at := a.location
		next, err := p.do(ctx, http.MethodGet, at.String(), nil)
		if err != nil {
			return answer{}, nil, err
		}
		if next.location == nil {
			return next, at, nil
		}
		a = next
	}
	return a, nil, nil
}

// signIn starts at the app and ends with a code.
func (p *person) signIn(ctx context.Context, email, password, verifier string) (string, error) {
	start := p.issuer + "/authorize?" + url.Values{
		"client_id": {p.clientID}, "redirect_uri": {redirectURI}, "response_type": {"code"}, "scope": {p.scope},
		"state": {"s"}, "code_challenge": {oauth2.S256ChallengeFromVerifier(verifier)}, "code_challenge_method": {"S256"},
	}.Encode()
	first, err := p.do(ctx, http.MethodGet, start, nil)
	if err != nil {
		return "", err
	}
	page, at, err := p.follow(ctx, first)
	if err != nil {
		return "", err
	}
	if at != nil && strings.HasSuffix(at.Path, "/login") {
		posted, err := p.do(ctx, http.MethodPost, at.String(), url.Values{
			"username": {email}, "password": {password}, "action": {"sign-in"},
		})
		if err != nil {
			return "", err
		}
		if page, at, err = p.follow(ctx, posted); err != nil {
			return "", err
		}
	}
	if at == nil || !strings.HasPrefix(at.String(), redirectURI) {
		return "", fmt.Errorf("sign-in rests at %v with status %d", at, page.status)
	}
	if code := at.Query().Get("code"); code != "" {
		return code, nil
	}
	return "", fmt.Errorf("the app got %s", at.Query().Get("error"))
}

// tokens are what the app keeps.
type tokens struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
	Error   string `json:"error"`
}

func (p *person) token(ctx context.Context, form url.Values) (tokens, error) {
	a, err := p.do(ctx, http.MethodPost, p.issuer+"/token", form)
	if err != nil {
		return tokens{}, err
	}
	var t tokens
	if err := json.Unmarshal([]byte(a.body), &t); err != nil {
		return tokens{}, fmt.Errorf("token endpoint answered %d without JSON", a.status)
	}
	if a.status != http.StatusOK {
		return tokens{}, fmt.Errorf("token endpoint answered %d %s", a.status, t.Error)
	}
	return t, nil
}

func (p *person) redeem(ctx context.Context, code, verifier string) (tokens, error) {
	return p.token(ctx, url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {redirectURI}, "code_verifier": {verifier},
	})
}

func (p *person) refresh(ctx context.Context, token string) (tokens, error) {
	return p.token(ctx, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}})
}

func (p *person) active(ctx context.Context, token string) (bool, error) {
	a, err := p.do(ctx, http.MethodPost, p.issuer+"/introspect", url.Values{"token": {token}})
	if err != nil {
		return false, err
	}
	var body struct {
		Active bool `json:"active"`
	}
	if err := json.Unmarshal([]byte(a.body), &body); err != nil {
		return false, err
	}
	return body.Active, nil
}
