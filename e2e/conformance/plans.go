package conformance

import (
	"slices"
	"strings"
)

// The response types of the plans, as the suite spells them.
const (
	Code             = "code"
	IDToken          = "id_token"
	IDTokenToken     = "id_token token"
	CodeIDToken      = "code id_token"
	CodeToken        = "code token"
	CodeIDTokenToken = "code id_token token"
)

// Plan is a certification plan: modules, each with the variants that the plan
// runs it in.
type Plan struct {
	// Name is the suite's, and Short what our runs are called after.
	Name, Short string
	// FormPost says that the answer is to come by response_mode=form_post.
	FormPost bool
	// Authentication is how clients authenticate, unless a module is about that.
	Authentication string
	// Modules in the order of the suite.
	Modules []Module
}

// Module is a module of a plan.
type Module struct {
	Name string
	// ResponseTypes are those that the plan runs it with.
	ResponseTypes []string
	// Dynamic says that it makes sense for a client that registers itself only.
	Dynamic bool
}

// Run is one module run.
type Run struct {
	Plan, Module string
	ResponseType string
	FormPost     bool
	// Authentication is the client's token_endpoint_auth_method.
	Authentication string
	// Static says that the client is in the configuration; otherwise it registers
	// itself.
	Static bool
	// Variant names the run below its module.
	Variant string
}

// Has says whether the response type has the value.
func (r Run) Has(value string) bool { return slices.Contains(strings.Fields(r.ResponseType), value) }

// Plans lists the certification plans of OpenID Connect.
func Plans() []Plan {
	return []Plan{
		{Name: "oidcc-basic-certification-test-plan", Short: "basic", Authentication: "client_secret_basic", Modules: basic()},
		{Name: "oidcc-implicit-certification-test-plan", Short: "implicit", Authentication: "client_secret_basic", Modules: implicit()},
		{Name: "oidcc-hybrid-certification-test-plan", Short: "hybrid", Authentication: "client_secret_basic", Modules: hybrid()},
		{Name: "oidcc-config-certification-test-plan", Short: "config", Modules: []Module{{Name: "oidcc-discovery-endpoint-verification"}}},
		{Name: "oidcc-dynamic-certification-test-plan", Short: "dynamic", Authentication: "private_key_jwt", Modules: dynamic()},
		{Name: "oidcc-formpost-basic-certification-test-plan", Short: "formpost-basic", FormPost: true, Authentication: "client_secret_basic", Modules: basic()},
		{Name: "oidcc-formpost-implicit-certification-test-plan", Short: "formpost-implicit", FormPost: true, Authentication: "client_secret_basic", Modules: implicit()},
		{Name: "oidcc-formpost-hybrid-certification-test-plan", Short: "formpost-hybrid", FormPost: true, Authentication: "client_secret_basic", Modules: hybrid()},
		{Name: "oidcc-3rdparty-init-login-certification-test-plan", Short: "3rdparty-init-login", Authentication: "client_secret_basic", Modules: each(onlyDynamic, code(),
			"oidcc-3rd_party-init-login", "oidcc-3rd_party-init-login-nohttps")},
		{Name: "oidcc-rp-initiated-logout-certification-test-plan", Short: "rp-initiated-logout", Authentication: "client_secret_basic", Modules: each(anyClient, code(),
			"oidcc-rp-initiated-logout-discovery-endpoint-verification", "oidcc-rp-initiated-logout",
			"oidcc-rp-initiated-logout-bad-post-logout-redirect-uri", "oidcc-rp-initiated-logout-modified-id-token-hint",
			"oidcc-rp-initiated-logout-no-id-token-hint", "oidcc-rp-initiated-logout-no-params",
			"oidcc-rp-initiated-logout-no-post-logout-redirect-uri", "oidcc-rp-initiated-logout-no-state",
			"oidcc-rp-initiated-logout-only-state", "oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri",
			"oidcc-rp-initiated-logout-bad-id-token-hint")},
		{Name: "oidcc-session-management-certification-test-plan", Short: "session-management", Authentication: "client_secret_basic", Modules: each(anyClient, code(),
			"oidcc-session-management-discovery-endpoint-verification", "oidcc-session-management-rp-initiated-logout")},
		{Name: "oidcc-frontchannel-rp-initiated-logout-certification-test-plan", Short: "frontchannel", Authentication: "client_secret_basic", Modules: each(anyClient, code(),
			"oidcc-frontchannel-logout-discovery-endpoint-verification", "oidcc-frontchannel-rp-initiated-logout")},
		{Name: "oidcc-backchannel-rp-initiated-logout-certification-test-plan", Short: "backchannel", Authentication: "client_secret_basic", Modules: each(anyClient, code(),
			"oidcc-backchannel-logout-discovery-endpoint-verification", "oidcc-backchannel-rp-initiated-logout")},
	}
}

const (
	anyClient   = false
	onlyDynamic = true
)

func code() []string { return []string{Code} }

func each(dynamic bool, responseTypes []string, names ...string) []Module {
	var modules []Module
	for _, name := range names {
		modules = append(modules, Module{Name: name, ResponseTypes: responseTypes, Dynamic: dynamic})
	}
	return modules
}

// common are the modules of every plan with sign-ins, whatever the response type.
func common(responseTypes ...string) []Module {
	return append(
		each(anyClient, responseTypes,
			"oidcc-server", "oidcc-scope-profile", "oidcc-scope-email", "oidcc-scope-address", "oidcc-scope-phone", "oidcc-scope-all",
			"oidcc-display-page", "oidcc-display-popup",
			"oidcc-prompt-login", "oidcc-prompt-none-not-logged-in", "oidcc-prompt-none-logged-in", "oidcc-max-age-1", "oidcc-max-age-10000",
			"oidcc-ensure-request-with-unknown-parameter-succeeds", "oidcc-id-token-hint", "oidcc-login-hint", "oidcc-ui-locales",
			"oidcc-claims-locales", "oidcc-ensure-request-with-acr-values-succeeds", "oidcc-ensure-registered-redirect-uri",
			"oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported",
			"oidcc-ensure-request-object-with-redirect-uri", "oidcc-claims-essential"),
		each(onlyDynamic, responseTypes,
			"oidcc-idtoken-signature", "oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported")...)
}

// redeeming are the modules that need a code.
func redeeming(responseTypes ...string) []Module {
	return each(anyClient, responseTypes,
		"oidcc-server-client-secret-post", "oidcc-codereuse", "oidcc-codereuse-30seconds", "oidcc-refresh-token")
}

// asking are the modules that need an access token.
func asking(responseTypes ...string) []Module {
	return each(anyClient, responseTypes, "oidcc-userinfo-get", "oidcc-userinfo-post-header", "oidcc-userinfo-post-body")
}

func basic() []Module {
	return slices.Concat(common(Code), redeeming(Code), asking(Code),
		each(anyClient, code(),
			"oidcc-response-type-missing", "oidcc-ensure-request-without-nonce-succeeds-for-code-flow", "oidcc-alternate-happy-flow",
			"oidcc-ensure-post-request-succeeds", "oidcc-ensure-request-with-valid-pkce-succeeds"),
		each(onlyDynamic, code(), "oidcc-idtoken-unsigned"))
}

func implicit() []Module {
	both := []string{IDToken, IDTokenToken}
	return slices.Concat(common(both...), asking(IDTokenToken),
		each(anyClient, both, "oidcc-ensure-request-without-nonce-fails", "oidcc-alternate-happy-flow"),
		each(anyClient, []string{IDTokenToken}, "oidcc-response-type-missing"))
}

func hybrid() []Module {
	all := []string{CodeIDToken, CodeToken, CodeIDTokenToken}
	return slices.Concat(common(all...), redeeming(all...), asking(all...),
		each(anyClient, []string{CodeIDToken, CodeIDTokenToken}, "oidcc-ensure-request-without-nonce-fails"),
		each(anyClient, []string{CodeToken}, "oidcc-ensure-request-without-nonce-succeeds-for-code-flow"),
		// The same for every response type, so once.
		each(anyClient, []string{CodeIDToken},
			"oidcc-response-type-missing", "oidcc-alternate-happy-flow", "oidcc-ensure-request-with-valid-pkce-succeeds"))
}

// dynamic is run with the response type that certification is sought for. Those
// that give out no code, or no access token, leave some modules out.
func dynamic() []Module {
	all := []string{Code, IDToken, IDTokenToken, CodeIDToken, CodeToken, CodeIDTokenToken}
	withToken := []string{Code, IDTokenToken, CodeIDToken, CodeToken, CodeIDTokenToken}
	withCode := []string{Code, CodeIDToken, CodeToken, CodeIDTokenToken}
	return slices.Concat(
		each(onlyDynamic, all,
			"oidcc-idtoken-rs256", "oidcc-ensure-redirect-uri-in-authorization-request", "oidcc-redirect-uri-query-OK",
			"oidcc-redirect-uri-query-mismatch", "oidcc-redirect-uri-query-added", "oidcc-redirect-uri-regfrag",
			"oidcc-discovery-endpoint-verification", "oidcc-server", "oidcc-registration-logo-uri", "oidcc-registration-policy-uri",
			"oidcc-registration-tos-uri", "oidcc-registration-sector-uri", "oidcc-registration-sector-bad", "oidcc-server-rotate-keys",
			"oidcc-request-uri-unsigned", "oidcc-request-uri-signed-rs256", "oidcc-ensure-request-object-with-redirect-uri",
			"oidcc-ensure-client-assertion-with-iss-aud-succeeds"),
		each(onlyDynamic, withToken, "oidcc-userinfo-rs256"),
		each(onlyDynamic, withCode, "oidcc-registration-jwks-uri", "oidcc-refresh-token-rp-key-rotation", "oidcc-refresh-token"),
		// Without a front channel that would show it.
		each(onlyDynamic, []string{Code, CodeToken}, "oidcc-idtoken-unsigned"))
}
