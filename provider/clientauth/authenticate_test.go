package clientauth_test

import (
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/zitadel/oidc/v3/pkg/oidc"

	"gatehouse/provider/clientauth"
	"gatehouse/provider/event"
	"gatehouse/provider/oauth"
)

const failed = "client authentication failed"

func TestMethods(t *testing.T) {
	want := []oidc.AuthMethod{"client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt", "none"}
	if diff := cmp.Diff(want, clientauth.Methods()); diff != "" {
		t.Error(diff)
	}
}

func TestAuthenticateAccepts(t *testing.T) {
	const unusual = "https://app.example/?a=b c"
	tests := []struct {
		name   string
		sent   request
		id     string
		method oidc.AuthMethod
	}{
		{"basic", basic("basic", secret), "basic", oidc.AuthMethodBasic},
		{"basic with client_id", basic("basic", secret).with(post("client_id", "basic")), "basic", oidc.AuthMethodBasic},
		{"basic with empty client_secret", basic("basic", secret).with(post("client_secret", "")), "basic", oidc.AuthMethodBasic},
		{"basic with encoded id and secret", basic(unusual, "100% ä:+ & so on, of some length"), unusual, oidc.AuthMethodBasic},
		{"basic without registered method", basic("either", secret), "either", oidc.AuthMethodBasic},
		{"basic scheme in other case", request{header: http.Header{"Authorization": {strings.Replace(basic("basic", secret).header.Get("Authorization"), "Basic", "bASIC", 1)}}}, "basic", oidc.AuthMethodBasic},
		{"old secret that still holds", basic("basic", "an old secret, valid for a while longer"), "basic", oidc.AuthMethodBasic},
		{"post", post("client_id", "post", "client_secret", secret), "post", oidc.AuthMethodPost},
		{"post without registered method", post("client_id", "either", "client_secret", secret), "either", oidc.AuthMethodPost},
		{"none", post("client_id", "public"), "public", oidc.AuthMethodNone},
		{"none with empty client_secret", post("client_id", "public", "client_secret", ""), "public", oidc.AuthMethodNone},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			w.wantAccepted(t, test.sent, test.id, test.method)
			if len(w.events.list) != 0 {
				t.Errorf("events %v", w.events.list)
			}
		})
	}
}

func TestAuthenticateRefuses(t *testing.T) {
	const typ = oidc.ClientAssertionTypeJWTAssertion
	tests := []struct {
		name        string
		sent        request
		code        string
		description string
	}{
		{"nothing", request{}, oauth.InvalidClient, "the request has no client authentication"},
		{"two methods: basic and post", basic("either", secret).with(post("client_id", "either", "client_secret", secret)), oauth.InvalidRequest, "the request authenticates the client by client_secret_basic and by client_secret_post; use one"},
		{"two methods: basic and assertion", basic("either", secret).with(assertion("x")), oauth.InvalidRequest, "the request authenticates the client by client_secret_basic and by private_key_jwt; use one"},
		{"two methods: post and assertion", post("client_id", "either", "client_secret", secret, "client_assertion_type", typ), oauth.InvalidRequest, "the request authenticates the client by client_secret_post and by private_key_jwt; use one"},
		{"two Authorization headers", basic("either", secret).with(basic("basic", secret)), oauth.InvalidClient, "the request has more than one Authorization header"},
		{"unknown client by basic", basic("nobody", secret), oauth.InvalidClient, failed},
		{"unknown client by post", post("client_id", "nobody", "client_secret", secret), oauth.InvalidClient, failed},
		{"unknown client by name", post("client_id", "nobody"), oauth.InvalidClient, failed},
		{"wrong secret by basic", basic("basic", "wrong"), oauth.InvalidClient, failed},
		{"wrong secret by post", post("client_id", "post", "client_secret", "wrong"), oauth.InvalidClient, failed},
		{"empty secret by basic", basic("basic", ""), oauth.InvalidClient, failed},
		{"expired secret", basic("basic", "an older secret that has just run out!!"), oauth.InvalidClient, failed},
		{"client without secret", basic("secretless", ""), oauth.InvalidClient, failed},
		{"secret that is a prefix", basic("basic", secret[:10]), oauth.InvalidClient, failed},
		{"digest instead of secret", basic("basic", string(registered(time.Time{})["basic"].SecretDigests[2].SHA256)), oauth.InvalidClient, failed},
		{"post without client_id", post("client_secret", secret), oauth.InvalidClient, "client_id is missing"},
		{"other client_id beside basic", basic("basic", secret).with(post("client_id", "public")), oauth.InvalidClient, "client_id is not that of the client's credentials"},
		{"bearer token", request{header: http.Header{"Authorization": {"Bearer abc"}}}, oauth.InvalidClient, "the Authorization header is not well-formed Basic authentication"},
		{"empty Authorization header", request{header: http.Header{"Authorization": {""}}, form: url.Values{"client_id": {"public"}}}, oauth.InvalidClient, "the Authorization header is not well-formed Basic authentication"},
		{"basic without base64", request{header: http.Header{"Authorization": {"Basic !"}}}, oauth.InvalidClient, "the Authorization header is not well-formed Basic authentication"},
		{"basic without colon", request{header: http.Header{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte("basic"))}}}, oauth.InvalidClient, "the Authorization header is not well-formed Basic authentication"},
		{"id not encoded", rawBasic("%zz", secret), oauth.InvalidClient, "the client id in the Authorization header is not form-urlencoded"},
		{"secret not encoded", rawBasic("basic", "100%"), oauth.InvalidClient, "the client secret in the Authorization header is not form-urlencoded"},
		{"post where basic is registered", post("client_id", "basic", "client_secret", secret), oauth.InvalidClient, "the client is registered for client_secret_basic but used client_secret_post"},
		{"basic where post is registered", basic("post", secret), oauth.InvalidClient, "the client is registered for client_secret_post but used client_secret_basic"},
		{"none where basic is registered", post("client_id", "basic"), oauth.InvalidClient, "the client is registered for client_secret_basic but used none"},
		{"none where nothing is registered", post("client_id", "either"), oauth.InvalidClient, "the client is registered for client_secret_basic or client_secret_post but used none"},
		{"secret of a public client", basic("public-with-secret", secret), oauth.InvalidClient, "the client is registered for none but used client_secret_basic"},
		{"method we do not have", basic("later", secret), oauth.InvalidClient, "the client is registered for tls_client_auth but used client_secret_basic"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			refusal := w.refusal(t, test.sent, test.code, test.description)
			wantStatus, wantChallenge := http.StatusUnauthorized, ""
			if test.code == oauth.InvalidRequest {
				wantStatus = http.StatusBadRequest
			} else if _, ok := test.sent.header["Authorization"]; ok {
				wantChallenge = `Basic realm="https://id.example.com"`
			}
			if refusal.Status != wantStatus {
				t.Errorf("status %d, want %d", refusal.Status, wantStatus)
			}
			if got := refusal.Header.Get("WWW-Authenticate"); got != wantChallenge {
				t.Errorf("challenge %q, want %q", got, wantChallenge)
			}
		})
	}
}

func TestUnknownClientAndWrongSecretLookTheSame(t *testing.T) {
	w := newWorld(t)
	answer := func(sent request) string {
		_, _, err := w.authenticate(sent)
		recorder := httptest.NewRecorder()
		oauth.WriteError(recorder, err)
		return recorder.Body.String() + recorder.Header().Get("WWW-Authenticate")
	}
	if diff := cmp.Diff(answer(basic("nobody", "wrong")), answer(basic("basic", "wrong"))); diff != "" {
		t.Errorf("an answer tells which clients exist:\n%s", diff)
	}
}

func TestFailureIsReported(t *testing.T) {
	w := newWorld(t)
	_, _, _ = w.authenticate(basic("basic", "wrong"))
	_, _, _ = w.authenticate(basic("nobody", secret))
	_, _, _ = w.authenticate(post("client_id", "basic", "client_secret", secret))
	type seen struct{ ClientID, Kind string }
	var got []seen
	for _, e := range w.events.list {
		if e.Name != event.ClientAuthFailed {
			t.Errorf("event %s", e.Name)
		}
		if text := e.Reason + e.Err.Error(); strings.Contains(text, secret) || strings.Contains(text, "nobody") {
			t.Errorf("event repeats what was sent: %s", text)
		}
		got = append(got, seen{e.ClientID, e.Kind})
		if len(got) == 2 {
			break
		}
	}
	want := []seen{{"basic", "client_secret_basic"}, {"", "client_secret_basic"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if last := w.events.list[2]; last.Err != nil || last.Kind != "client_secret_post" {
		t.Errorf("event %+v", last)
	}
}

func TestFailureOfStoreIsNotTheClients(t *testing.T) {
	w := newWorld(t)
	_, _, err := w.authenticate(basic("unreachable", secret))
	var refusal *oauth.Error
	if err == nil || errors.As(err, &refusal) {
		t.Errorf("got %v", err)
	}
}

func TestNewRefusesIncompleteConfig(t *testing.T) {
	if _, err := clientauth.New(clientauth.Config{}); err == nil {
		t.Error("no error")
	}
}

// FuzzBasic looks for panics, and for a stranger who becomes a client.
func FuzzBasic(f *testing.F) {
	f.Add("Basic YTpi")
	f.Add("Basic OiU=")
	f.Add("basic ")
	f.Add(basic("basic", "wrong").header.Get("Authorization"))
	w := newWorld(f)
	f.Fuzz(func(t *testing.T, header string) {
		client, _, err := w.authenticate(request{header: http.Header{"Authorization": {header}}})
		if err == nil {
			t.Errorf("%q authenticated %q", header, client.ID)
		}
		if oauth.AsError(err).Code != oauth.InvalidClient && !strings.Contains(err.Error(), "store is down") {
			t.Errorf("%q: %v", header, err)
		}
	})
}
