package registration

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	oidc "github.com/zitadel/oidc/v3/pkg/oidc"

	"gatehouse/provider/event"
	"gatehouse/provider/oauth"
	"gatehouse/provider/quota"
	"gatehouse/storage"
)

// window is how long registrations of a network are counted together.
const window = time.Hour

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
	quotas := quota.Networks("", event.RequestOf(ctx).ClientAddress, e.LimitPerHour)
	if len(quotas) == 0 {
		// Those whose address is not known share one count.
		quotas = []quota.Quota{{Name: "unknown", Limit: e.LimitPerHour}}
	}
	counter := quota.Counter{Table: e.Store.RegistrationCounts, Now: e.Now, Window: window}
	err := counter.Take(ctx, quotas...)
	if full, ok := errors.AsType[*quota.FullError](err); ok {
		seconds := strconv.Itoa(int(math.Ceil(full.Wait.Seconds())))
		return oauth.NewError(oauth.TemporarilyUnavailable, "too many clients were registered from this network; try again later").
			WithStatus(http.StatusTooManyRequests).WithHeader("Retry-After", seconds).WithCause(err)
	}
	return err
}
