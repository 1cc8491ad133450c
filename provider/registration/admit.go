package registration

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	oidc "github.com/zitadel/oidc/v3/pkg/oidc"

	"gatehouse/provider/event"
	"gatehouse/provider/oauth"
	"gatehouse/storage"
)

// window is how long registrations of a network are counted together, and
// wideFactor how many times the limit of one subscriber that of several is.
const (
	window     = time.Hour
	wideFactor = 10
)

// ticket is leave to register a client. Its id is that of the initial access
// token, empty for anybody.
type ticket struct{ id string }

func (t ticket) registered() storage.RegisteredBy {
	if t.id == "" {
		return storage.RegisteredOpenly
	}
	return storage.RegisteredByToken
}

// admit decides who may register, from the request's header alone. A token that
// is presented must be good even where none is needed.
func (e *Endpoint) admit(r *http.Request) (ticket, error) {
	token, err := bearer(r)
	if err != nil {
		return ticket{}, err
	}
	if token == "" {
		if e.Mode == Open {
			return ticket{}, nil
		}
		// Without a token there is no error code either (RFC 6750, section 3.1).
		return ticket{}, oauth.NewError(oauth.InvalidToken, "an initial access token is needed").WithHeader("WWW-Authenticate", "Bearer")
	}
	id, err := e.tokens.look(r.Context(), token)
	if errors.Is(err, errInitialToken) {
		return ticket{}, notAdmitted(err)
	}
	return ticket{id: id}, err
}

func notAdmitted(cause error) error {
	return challenge(oauth.InvalidToken, "the token is invalid, expired, revoked or used up").WithCause(cause)
}

// bearer takes the token out of the header (RFC 6750, section 2.1), or returns
// nothing if there is no header.
func bearer(r *http.Request) (string, error) {
	values := r.Header.Values("Authorization")
	if len(values) == 0 {
		return "", nil
	}
	scheme, credentials, _ := strings.Cut(values[0], " ")
	token := strings.TrimSpace(credentials)
	if len(values) > 1 || !strings.EqualFold(scheme, oidc.BearerToken) || token == "" {
		return "", challenge(oauth.InvalidRequest, "the Authorization header must be Bearer and a token").WithStatus(http.StatusUnauthorized)
	}
	return token, nil
}

func challenge(code, description string) *oauth.Error {
	return oauth.NewError(code, description).
		WithHeader("WWW-Authenticate", `Bearer error="`+code+`", error_description="`+description+`"`)
}

// count counts a registration without token from the network of the request, or
// returns the error of one that had too many.
func (e *Endpoint) count(ctx context.Context) error {
	networks := event.NetworksOf(event.RequestOf(ctx).ClientAddress)
	if len(networks) == 0 {
		// Those whose address is not known share one count.
		networks = []event.Network{{Name: "unknown"}}
	}
	for _, network := range networks {
		limit := e.LimitPerHour
		if network.Wide {
			limit *= wideFactor
		}
		if err := e.countIn(ctx, network.Name, limit); err != nil {
			return err
		}
	}
	return nil
}

func (e *Endpoint) countIn(ctx context.Context, network string, limit int) error {
	var wait time.Duration
	errLimit := errors.New("too many registrations from the network")
	err := e.Store.RegistrationCounts.Upsert(ctx, network, window, func(count *storage.RegistrationCount) error {
		now := e.Now()
		if now.Sub(count.Since) >= window {
			*count = storage.RegistrationCount{Since: now}
		}
		if count.Count >= limit {
			wait = count.Since.Add(window).Sub(now)
			return errLimit
		}
		count.Count++
		return nil
	})
	if errors.Is(err, errLimit) {
		seconds := strconv.Itoa(int(math.Ceil(wait.Seconds())))
		return oauth.NewError(oauth.TemporarilyUnavailable, "too many clients were registered from this network; try again later").
			WithStatus(http.StatusTooManyRequests).WithHeader("Retry-After", seconds).WithCause(err)
	}
	if err != nil {
		return fmt.Errorf("count registrations: %w", err)
	}
	return nil
}
