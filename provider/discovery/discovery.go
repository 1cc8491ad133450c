package discovery

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	oidc "github.com/zitadel/oidc/v3/pkg/oidc"
	"golang.org/x/text/language"
)

// Paths of the endpoints below the issuer.
type Paths struct {
	Authorization, Token, UserInfo, Introspection, Revocation, EndSession, JWKS string
	// CheckSession is empty where there is no session management.
	CheckSession string
	// Registration is empty where clients cannot register themselves.
	Registration string
}

// Config is what is true of the provider.
type Config struct {
	Issuer            string
	Paths             Paths
	Scopes            []string
	Claims            []string
	ResponseTypes     []string
	ResponseModes     []string
	GrantTypes        []string
	Prompts           []string
	Displays          []string
	ACRValues         []string
	SubjectTypes      []string
	SigningAlgorithms []jose.SignatureAlgorithm
	// ClientAuthentication is the methods at the token endpoint, and
	// AssertionAlgorithms what client assertions may be signed with.
	ClientAuthentication []oidc.AuthMethod
	AssertionAlgorithms  []jose.SignatureAlgorithm
	// Encryption is how ID tokens and answers of userinfo can be encrypted.
	Encryption Encryption
	// ObjectAlgorithms is what request objects may be signed with, and
	// ObjectEncryption how they may be encrypted.
	ObjectAlgorithms    []jose.SignatureAlgorithm
	ObjectEncryption    Encryption
	UILocales           []language.Tag
	PolicyURI, TermsURI string
}

// Encryption is how a content key may be encrypted, and how the content.
type Encryption struct {
	Algorithms []jose.KeyAlgorithm
	Contents   []jose.ContentEncryption
}

// metadata adds what the library's type does not have. That type always writes
// request_uri_parameter_supported, which is true when left out (Discovery 1.0,
// section 3).
type metadata struct {
	oidc.DiscoveryConfiguration
	PromptValues []string `json:"prompt_values_supported,omitempty"`
	// IssParameter is RFC 9207, section 3.
	IssParameter bool `json:"authorization_response_iss_parameter_supported"`
	// Front-Channel Logout 1.0, section 3.
	FrontChannelLogout        bool `json:"frontchannel_logout_supported"`
	FrontChannelLogoutSession bool `json:"frontchannel_logout_session_supported"`
}

// maxAge is how long clients may keep the metadata.
const maxAge = time.Hour

// Document is the metadata, ready to be served.
type Document struct {
	body []byte
	etag string
}

// New writes the document once; it does not change while the provider runs.
func New(config Config) (*Document, error) {
	base := strings.TrimSuffix(config.Issuer, "/")
	authMethods := config.ClientAuthentication
	confidential := without(authMethods, oidc.AuthMethodNone)
	algorithms := convert[string](config.SigningAlgorithms)
	assertions := convert[string](config.AssertionAlgorithms)
	document := metadata{
		DiscoveryConfiguration: oidc.DiscoveryConfiguration{
			Issuer:                 config.Issuer,
			AuthorizationEndpoint:  base + config.Paths.Authorization,
			TokenEndpoint:          base + config.Paths.Token,
			UserinfoEndpoint:       base + config.Paths.UserInfo,
			IntrospectionEndpoint:  base + config.Paths.Introspection,
			RevocationEndpoint:     base + config.Paths.Revocation,
			EndSessionEndpoint:     base + config.Paths.EndSession,
			JwksURI:                base + config.Paths.JWKS,
			ScopesSupported:        config.Scopes,
			ResponseTypesSupported: config.ResponseTypes,
			ResponseModesSupported: config.ResponseModes,
			GrantTypesSupported:    convert[oidc.GrantType](config.GrantTypes),
			ACRValuesSupported:     config.ACRValues,
			SubjectTypesSupported:  config.SubjectTypes,

			IDTokenSigningAlgValuesSupported:                   algorithms,
			IDTokenEncryptionAlgValuesSupported:                convert[string](config.Encryption.Algorithms),
			IDTokenEncryptionEncValuesSupported:                convert[string](config.Encryption.Contents),
			UserinfoSigningAlgValuesSupported:                  algorithms,
			UserinfoEncryptionAlgValuesSupported:               convert[string](config.Encryption.Algorithms),
			UserinfoEncryptionEncValuesSupported:               convert[string](config.Encryption.Contents),
			TokenEndpointAuthMethodsSupported:                  authMethods,
			TokenEndpointAuthSigningAlgValuesSupported:         assertions,
			RevocationEndpointAuthMethodsSupported:             authMethods,
			RevocationEndpointAuthSigningAlgValuesSupported:    assertions,
			IntrospectionEndpointAuthMethodsSupported:          confidential,
			IntrospectionEndpointAuthSigningAlgValuesSupported: assertions,

			RequestParameterSupported:                 true,
			RequestURIParameterSupported:              true,
			RequireRequestURIRegistration:             true,
			RequestObjectSigningAlgValuesSupported:    convert[string](config.ObjectAlgorithms),
			RequestObjectEncryptionAlgValuesSupported: convert[string](config.ObjectEncryption.Algorithms),
			RequestObjectEncryptionEncValuesSupported: convert[string](config.ObjectEncryption.Contents),

			DisplayValuesSupported:        convert[oidc.Display](config.Displays),
			ClaimTypesSupported:           []string{"normal"},
			ClaimsParameterSupported:      true,
			ClaimsSupported:               append(protocolClaims(), config.Claims...),
			CodeChallengeMethodsSupported: []oidc.CodeChallengeMethod{oidc.CodeChallengeMethodS256},
			UILocalesSupported:            config.UILocales,
			// Every ID token has a sid.
			BackChannelLogoutSupported:        true,
			BackChannelLogoutSessionSupported: true,
			OPPolicyURI:                       config.PolicyURI,
			OPTermsOfServiceURI:               config.TermsURI,
		},
		PromptValues: config.Prompts,
		IssParameter: true,
		// Every frame has iss and sid.
		FrontChannelLogout:        true,
		FrontChannelLogoutSession: true,
	}
	if config.Paths.Registration != "" {
		document.RegistrationEndpoint = base + config.Paths.Registration
	}
	if config.Paths.CheckSession != "" {
		document.CheckSessionIframe = base + config.Paths.CheckSession
	}
	body, err := json.Marshal(document)
	if err != nil {
		return nil, fmt.Errorf("encode discovery document: %w", err)
	}
	sum := sha256.Sum256(body)
	return &Document{body: body, etag: `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`}, nil
}

// protocolClaims are those of ID tokens that no scope releases.
func protocolClaims() []string {
	return []string{"iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid", "at_hash", "c_hash", "s_hash"}
}

func convert[To, From ~string](values []From) []To {
	converted := make([]To, len(values))
	for i, value := range values {
		converted[i] = To(value)
	}
	return converted
}

func without(methods []oidc.AuthMethod, method oidc.AuthMethod) []oidc.AuthMethod {
	var kept []oidc.AuthMethod
	for _, m := range methods {
		if m != method {
			kept = append(kept, m)
		}
	}
	return kept
}

// ServeHTTP serves the document.
func (d *Document) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	serve(w, r, d.body, d.etag, maxAge)
}

// serve answers with JSON that may be cached.
func serve(w http.ResponseWriter, r *http.Request, body []byte, etag string, age time.Duration) {
	header := w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("Cache-Control", "public, max-age="+strconv.Itoa(int(age/time.Second)))
	header.Set("ETag", etag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}
