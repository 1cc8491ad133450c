package prepare

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"gatehouse/storage"
	"gatehouse/storage/directus/internal/rest"
)

// ErrNotAdministrator says that the account signed in and has no admin access.
var ErrNotAdministrator = errors.New("not an administrator of directus")

// administration is the administrator's session.
type administration struct {
	rest    *rest.Caller
	access  storage.Secret
	refresh storage.Secret
	dry     bool
}

// logIn begins the session. The error is storage.ErrInvalidCredentials,
// ErrOTPRequired, ErrInvalidOTP, ErrMalformed, ErrUnavailable or
// ErrNotAdministrator; whichever it is, no session is left.
func logIn(ctx context.Context, caller *rest.Caller, options Options) (*administration, error) {
	body := map[string]string{
		"email": options.AdminEmail, "password": options.AdminPassword.Reveal(), "mode": "json",
	}
	if options.AdminOTP != "" {
		body["otp"] = options.AdminOTP.Reveal()
	}
	var pair struct {
		AccessToken  string `json:"access_token"`
		RefreshToken string `json:"refresh_token"`
	}
	_, err := caller.Do(ctx, rest.Request{
		Name: "log in as administrator", Method: http.MethodPost, Path: "/auth/login", Body: body, Header: options.header,
	}, &pair)
	if err != nil {
		return nil, loginError(err, options.AdminOTP != "")
	}
	a := &administration{
		rest: caller, dry: options.DryRun,
		access: storage.Secret(pair.AccessToken), refresh: storage.Secret(pair.RefreshToken),
	}
	if !isAdministrator(pair.AccessToken) {
		return nil, errors.Join(ErrNotAdministrator, a.logOut(ctx))
	}
	return a, nil
}

func loginError(err error, otpSent bool) error {
	switch rest.Code(err) {
	case "INVALID_CREDENTIALS", "USER_SUSPENDED", "INVALID_PROVIDER":
		return fmt.Errorf("log in as administrator: %w", storage.ErrInvalidCredentials)
	case "INVALID_PAYLOAD":
		return fmt.Errorf("log in as administrator: %w", storage.ErrMalformed)
	case "INVALID_OTP":
		if otpSent {
			return fmt.Errorf("log in as administrator: %w", storage.ErrInvalidOTP)
		}
		return fmt.Errorf("log in as administrator: %w", storage.ErrOTPRequired)
	}
	return failed(err)
}

// isAdministrator reads the token that Directus itself just gave us.
func isAdministrator(token string) bool {
	var claims struct {
		AdminAccess rest.Flag `json:"admin_access"`
	}
	return rest.ReadToken(token, &claims) == nil && bool(claims.AdminAccess)
}

// logOut ends the session, also when ctx has ended.
func (a *administration) logOut(ctx context.Context) error {
	_, err := a.rest.Do(context.WithoutCancel(ctx), rest.Request{
		Name: "log the administrator out", Method: http.MethodPost, Path: "/auth/logout",
		Body: map[string]string{"refresh_token": a.refresh.Reveal(), "mode": "json"},
	}, nil)
	return failed(err)
}

// search reads rows of a collection, past any cache.
func (a *administration) search(ctx context.Context, path string, filter map[string]any, fields []string, rows any) error {
	query := map[string]any{"fields": fields, "limit": -1}
	if filter != nil {
		query["filter"] = filter
	}
	_, err := a.rest.Do(ctx, rest.Request{
		Name: "read " + path, Method: "SEARCH", Path: path, Token: a.access, Body: map[string]any{"query": query},
	}, rows)
	return err
}

// get reads a single object.
func (a *administration) get(ctx context.Context, path string, fields []string, object any) error {
	request := rest.Request{Name: "read " + path, Method: http.MethodGet, Path: path, Token: a.access}
	if len(fields) > 0 {
		request.Query = url.Values{"fields": {strings.Join(fields, ",")}}
	}
	_, err := a.rest.Do(ctx, request, object)
	return err
}

// write creates or changes. It is the only way to do so, and closed in a dry run.
func (a *administration) write(ctx context.Context, method, path string, body, object any) error {
	if a.dry {
		return fmt.Errorf("%s %s: not in a dry run", method, path)
	}
	_, err := a.rest.Do(ctx, rest.Request{
		Name: strings.ToLower(method) + " " + path, Method: method, Path: path, Token: a.access, Body: body,
	}, object)
	return failed(err)
}

// failed makes storage.ErrUnavailable of what is not a refusal by Directus.
func failed(err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if status := rest.Status(err); status >= 400 && status < 500 && status != http.StatusTooManyRequests {
		return err
	}
	return fmt.Errorf("%w: %w", storage.ErrUnavailable, err)
}

func equals(value string) map[string]any { return map[string]any{"_eq": value} }
