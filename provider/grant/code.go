package grant

import (
	"context"
	"net/url"

	"gatehouse/provider/oauth"
	"gatehouse/provider/token"
	"gatehouse/storage"
)

// code is RFC 6749, section 4.1.3.
func (e *Endpoint) code(ctx context.Context, client storage.Client, form url.Values, whose *user) (token.Authorization, error) {
	if form.Get("code") == "" {
		return token.Authorization{}, oauth.NewError(oauth.InvalidRequest, "code is missing")
	}
	authorization, err := e.Tokens.RedeemCode(ctx, client, token.Redemption{
		Code: form.Get("code"), RedirectURI: form.Get("redirect_uri"), CodeVerifier: form.Get("code_verifier"),
	}, within(client, form, whose.check))
	authorization.Audience = form["resource"]
	return authorization, err
}
