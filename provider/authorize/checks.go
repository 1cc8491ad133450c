package authorize

import (
	"context"
	"net/url"

	"gatehouse/provider/oauth"
)

// check is one rule. It returns an *oauth.Error, or an error of our own.
type check struct {
	name string
	spec string
	run  func(*attempt) error
}

// identityChecks establish who asks, what he asks and where the answer may go. As
// long as that is not known, what they refuse is shown on a page and never sent
// anywhere (RFC 6749, section 4.1.2.1).
func identityChecks() []check {
	return []check{
		{"client", "RFC 6749, section 2.2", checkClient},
		{"request object", "OpenID Connect Core 1.0, section 6; RFC 9101, section 6", checkObject},
		{"redirect_uri", "RFC 6749, section 3.1.2; RFC 9700, section 2.1", checkRedirectURI},
	}
}

// requestChecks run in this order once the answer has somewhere to go. What they
// refuse is sent there, by the way that was asked for.
func requestChecks() []check {
	return []check{
		{"response_mode", "OAuth 2.0 Multiple Response Types, sections 2.1 and 5", checkResponseMode},
		{"state", "RFC 6749, section 4.1.1", checkState},
		{"duplicates", "RFC 6749, section 3.1", checkDuplicates},
		{"registration", "OpenID Connect Core 1.0, sections 3.1.2.6 and 7.2.1", checkRegistration},
		{"response_type", "RFC 6749, section 3.1.1", checkResponseType},
		{"client's grant", "RFC 6749, sections 4.1.2.1 and 4.2.2.1", checkGrantType},
		{"scope", "RFC 6749, section 3.3; OpenID Connect Core 1.0, section 3.1.2.1", checkScope},
		{"claims", "OpenID Connect Core 1.0, section 5.5", checkClaims},
		{"code_challenge", "RFC 7636, section 4.3; RFC 9700, section 2.1.1", checkCodeChallenge},
		{"nonce", "OpenID Connect Core 1.0, sections 3.1.2.1, 3.2.2.1 and 3.3.2.11", checkNonce},
		{"prompt", "OpenID Connect Core 1.0, section 3.1.2.1; Initiating User Registration 1.0, section 4.1", checkPrompt},
		{"max_age", "OpenID Connect Core 1.0, section 3.1.2.1", checkMaxAge},
		{"id_token_hint", "OpenID Connect Core 1.0, section 3.1.2.1", checkIDTokenHint},
		{"resource", "RFC 8707, section 2", checkResource},
		{"hints", "OpenID Connect Core 1.0, section 3.1.2.1", checkHints},
		{"offline_access", "OpenID Connect Core 1.0, section 11", checkOfflineAccess},
	}
}

// check runs both tables. trusted says whether client and redirect_uri were
// found good, so that an error may be sent there.
func (e *Endpoint) check(ctx context.Context, parameters url.Values) (a *attempt, trusted bool, err error) {
	a = &attempt{ctx: ctx, endpoint: e, sent: parameters, parameters: parameters}
	for _, c := range identityChecks() {
		if err := c.run(a); err != nil {
			a.way()
			return a, a.request.RedirectURI != "", err
		}
	}
	a.way()
	for _, c := range requestChecks() {
		if err := c.run(a); err != nil {
			return a, true, err
		}
	}
	return a, true, nil
}

func invalid(description string) error { return oauth.NewError(oauth.InvalidRequest, description) }
