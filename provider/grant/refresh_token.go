package grant

import (
	"context"
	"net/url"
	"strings"

	"gatehouse/provider/event"
	"gatehouse/provider/oauth"
	"gatehouse/provider/token"
	"gatehouse/storage"
)

// refreshToken is RFC 6749, section 6. A refresh is use of the session that the
// grant is bound to: an app that is open keeps its person signed in.
func (e *Endpoint) refreshToken(ctx context.Context, client storage.Client, form url.Values, whose *user) (token.Authorization, error) {
	if form.Get("refresh_token") == "" {
		return token.Authorization{}, oauth.NewError(oauth.InvalidRequest, "refresh_token is missing")
	}
	asked := strings.Fields(form.Get("scope"))
	authorization, err := e.Tokens.Refresh(ctx, client, form.Get("refresh_token"), asked, within(client, form, whose.checkFor(asked)))
	if err != nil {
		return token.Authorization{}, err
	}
	authorization.Audience = form["resource"]
	if record := authorization.Session(); record != nil && authorization.Grant.Bound() {
		if err := e.Sessions.TouchRecord(ctx, record); err != nil {
			e.Sink.Emit(ctx, event.Event{Name: event.InternalError, Kind: "touch session", Err: err})
		}
	}
	return authorization, nil
}
