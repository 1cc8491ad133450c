package authorize

import (
	"slices"
	"strconv"
	"strings"

	oidc "github.com/zitadel/oidc/v3/pkg/oidc"
	"golang.org/x/text/language"

	"gatehouse/provider/claims"
	"gatehouse/provider/clients"
	"gatehouse/provider/oauth"
)

// Bounds on what is kept and sent back. They leave room beyond what
// certification asks for (384 characters).
const (
	maxStateLength = 4096
	maxNonceLength = 1024
	maxHintLength  = 320
	maxLocales     = 10
	maxACRValues   = 10
	maxACRLength   = 255
)

// way sets how the answer travels, as far as the request says it well: whatever
// is refused then goes out that way, with the state, or else by the default of
// the response type: the fragment where tokens are asked for, else the query. The
// checks refuse what is said badly.
func (a *attempt) way() {
	a.request.ResponseMode = string(oidc.ResponseModeQuery)
	if oauth.FrontChannel(a.responseType()) {
		a.request.ResponseMode = string(oidc.ResponseModeFragment)
	}
	if checkResponseMode(a) == nil && a.get("response_mode") != "" {
		a.request.ResponseMode = a.get("response_mode")
	}
	if checkState(a) == nil {
		a.request.State = a.get("state")
	}
}

// checkResponseMode never falls back for a mode that is not known: a code might
// then go out by a way that the client did not ask for. A form is posted to web
// addresses only; a browser cannot post one to an app's own scheme. Tokens never
// go by query, which servers log and browsers tell the next page (Multiple
// Response Types, section 5).
func checkResponseMode(a *attempt) error {
	asked := a.parameters["response_mode"]
	switch {
	case len(asked) == 0 || len(asked) == 1 && asked[0] == "":
		return nil
	case len(asked) > 1:
		return invalid("response_mode is given more than once")
	case !isMode(asked[0]):
		return invalid("response_mode is not supported")
	case asked[0] == string(oidc.ResponseModeQuery) && oauth.FrontChannel(a.responseType()):
		return invalid("response_mode query is not for response types with tokens")
	case asked[0] == string(oidc.ResponseModeFormPost) && clients.WebURIProblem(a.request.RedirectURI) != "":
		return invalid("response_mode form_post needs a redirect_uri on the web")
	}
	return nil
}

func checkState(a *attempt) error {
	state := a.parameters["state"]
	switch {
	case len(state) > 1:
		return invalid("state is given more than once")
	case len(state) == 1 && len(state[0]) > maxStateLength:
		return invalid("state is too long")
	}
	return nil
}

func checkDuplicates(a *attempt) error {
	return oauth.RefuseDuplicates(a.sent, "resource")
}

// checkRegistration refuses what would change the meaning of the request if it
// were ignored.
func checkRegistration(a *attempt) error {
	if a.get("registration") != "" {
		return oauth.NewError(oauth.RegistrationNotSupported, "the registration parameter is not supported")
	}
	return nil
}

// checkScope leaves out what is not known and what the client may not have; the
// token answer says what was granted. A scope of the operator's own making is
// known to the clients that it is registered for.
func checkScope(a *attempt) error {
	var scopes []string
	for scope := range strings.FieldsSeq(a.get("scope")) {
		if claims.Allowed(a.client, scope) && !slices.Contains(scopes, scope) {
			scopes = append(scopes, scope)
		}
	}
	if len(scopes) == 0 {
		return oauth.NewError(oauth.InvalidScope, "scope names nothing that this client may ask for")
	}
	if oauth.ReturnsIDToken(a.request.ResponseType) && !slices.Contains(scopes, oidc.ScopeOpenID) {
		return oauth.NewError(oauth.InvalidScope, "an ID token needs scope openid")
	}
	a.request.Scopes = scopes
	return nil
}

func checkCodeChallenge(a *attempt) error {
	challenge, method := a.get("code_challenge"), a.get("code_challenge_method")
	switch {
	case challenge == "" && method != "":
		return invalid("code_challenge is missing")
	case challenge == "" && a.client.Public() && oauth.ReturnsCode(a.request.ResponseType):
		return invalid("this client must use PKCE: code_challenge is missing")
	case challenge == "":
		return nil
	case method != string(oidc.CodeChallengeMethodS256):
		// Leaving the method out means plain (RFC 7636, section 4.3).
		return invalid("code_challenge_method must be S256")
	case len(challenge) != 43 || strings.ContainsFunc(challenge, notBase64URL):
		return invalid("code_challenge is not a base64url SHA-256 digest")
	}
	a.request.CodeChallenge = challenge
	return nil
}

func notBase64URL(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
}

// checkNonce demands one wherever an ID token comes through the browser: by it
// the client tells its own from one that somebody slipped in.
func checkNonce(a *attempt) error {
	switch {
	case len(a.get("nonce")) > maxNonceLength:
		return invalid("nonce is too long")
	case a.get("nonce") == "" && oauth.ReturnsIDToken(a.request.ResponseType):
		return invalid("nonce is missing")
	}
	a.request.Nonce = a.get("nonce")
	return nil
}

func checkPrompt(a *attempt) error {
	for prompt := range strings.FieldsSeq(a.get("prompt")) {
		if !slices.Contains(Prompts(a.endpoint.Registration), prompt) {
			return invalid("prompt has a value that is not supported")
		}
		if !slices.Contains(a.request.Prompts, prompt) {
			a.request.Prompts = append(a.request.Prompts, prompt)
		}
	}
	if slices.Contains(a.request.Prompts, string(PromptNone)) && len(a.request.Prompts) > 1 {
		return invalid("prompt=none stands alone")
	}
	return nil
}

func checkMaxAge(a *attempt) error {
	text := a.get("max_age")
	if text == "" {
		a.request.MaxAge = a.client.DefaultMaxAge
		return nil
	}
	age, err := strconv.Atoi(text)
	if err != nil || age < 0 {
		return invalid("max_age must be a number of seconds")
	}
	a.request.MaxAge = &age
	return nil
}

// checkIDTokenHint takes only an ID token that we gave this client. It may have
// expired.
func checkIDTokenHint(a *attempt) error {
	hint := a.get("id_token_hint")
	if hint == "" {
		return nil
	}
	hinted, err := a.endpoint.Tokens.IDTokenHint(a.ctx, hint)
	if err != nil || !slices.Contains(hinted.Audience, a.client.ID) {
		return invalid("id_token_hint is not an ID token that was issued to this client")
	}
	a.request.HintSubject = hinted.Subject
	return nil
}

// checkResource takes only what is registered as the client's audience.
func checkResource(a *attempt) error {
	resources, err := claims.Resources(a.client, a.parameters["resource"])
	a.request.Resources = resources
	return err
}

// checkHints takes what helps people and ignores what does not make sense:
// none of it is worth refusing a sign-in.
func checkHints(a *attempt) error {
	if hint := a.get("login_hint"); len(hint) <= maxHintLength {
		a.request.LoginHint = hint
	}
	locales := strings.Fields(a.get("ui_locales"))
	for _, locale := range locales[:min(len(locales), maxLocales)] {
		if tag, err := language.Parse(locale); err == nil {
			a.request.UILocales = append(a.request.UILocales, tag.String())
		}
	}
	if display := a.get("display"); slices.Contains(Displays(), display) {
		a.request.Display = display
	}
	a.request.ACRValues = wishedACRs(a)
	return nil
}

// checkOfflineAccess drops the scope where no refresh token could come of it: it
// needs the grant type, and a code, since none goes through the browser. That the
// person consented to it is the policy's concern.
func checkOfflineAccess(a *attempt) error {
	if !slices.Contains(a.client.GrantTypes, string(oidc.GrantTypeRefreshToken)) || !oauth.ReturnsCode(a.request.ResponseType) {
		a.request.Scopes = slices.DeleteFunc(a.request.Scopes, func(s string) bool { return s == oidc.ScopeOfflineAccess })
	}
	if len(a.request.Scopes) == 0 {
		return oauth.NewError(oauth.InvalidScope, "scope names nothing that this client may ask for")
	}
	return nil
}
