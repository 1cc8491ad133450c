package doctor

import (
	"net/http"
	"testing"
)

// misconfigurationsOfPeople are of what people have to do, and of how Gatehouse
// hears of them.
func misconfigurationsOfPeople(w *world) []misconfiguration {
	const secret = "GATEHOUSE_DIRECTUS_EVENTS_FLOW_SECRET=a secret of the Flow that nobody guesses"
	const subject = "flow that tells of changes"
	return []misconfiguration{
		{
			name: "one-time passwords asked of people who cannot set one up", seed: askForTwoSteps,
			administrator: []wanted{{"error", "one-time passwords", `the policy "Two steps" asks role Members for one`, "take enforce_tfa from them"}},
		},
		{
			name: "lock-out of Directus below ours", seed: lockOutEarly,
			administrator: []wanted{{"error", "attempts limit", "of Directus is not directus.attempts_limit (25)", "write directus.attempts_limit: 5"}},
		},
		{
			name: "no Flow, though there is a secret for one", settings: []string{secret},
			administrator: []wanted{{"error", subject, "is missing in Directus", "run gatehouse setup"}},
		},
		{
			name: "Flow with another secret", settings: []string{secret + " either"}, seed: func(t *testing.T, w *world) func() { return makeFlow(t, w, secret) },
			administrator: []wanted{{"error", subject, "sends another secret than directus.events.flow_secret", "run gatehouse setup"}},
		},
		{
			name: "Flow that nobody listens to", seed: func(t *testing.T, w *world) func() { return makeFlow(t, w, secret) },
			administrator: []wanted{{"warning", subject, "directus.events.flow_secret is not set", "remove the Flow"}},
		},
		{
			name: "Gatehouse and Directus at one origin", settings: []string{"GATEHOUSE_ISSUER=" + w.directus.URL + "/sign-in"},
			plain: []wanted{{"error", "hosts", "have the same origin", "give each a host of its own"}},
		},
		{
			name: "proxy that is not trusted", settings: []string{"GATEHOUSE_ISSUER=https://localhost:9"},
			plain: []wanted{{"warning", "trusted proxies", "has the certificate of the issuer (tls.cert_file is not set), but trusted_proxies is empty", "trusted_proxies: [10.0.0.5/32]"}},
		},
		{
			name: "no mail server, no WebSockets", variables: map[string]string{"EMAIL_SMTP_PORT": "9", "WEBSOCKETS_ENABLED": "false"},
			plain:         []wanted{{"warning", "changes of users", "since the WebSocket does not work", "set WEBSOCKETS_ENABLED=true"}},
			administrator: []wanted{{"error", "mail server", "is not reached by Directus", "EMAIL_TRANSPORT=smtp, EMAIL_SMTP_HOST"}},
		},
	}
}

// foundHealthy are those that say that nothing is wrong.
func foundHealthy() []wanted {
	return []wanted{
		{"ok", "changes of users", "are told by Directus at once (WebSocket)", ""},
		{"ok", "mail server", "is reached by Directus", ""},
		{"ok", "registration limit", "of Directus is for each address by itself", ""},
		{"ok", "attempts limit", "is the same in Directus and here", ""},
	}
}

func askForTwoSteps(t *testing.T, w *world) func() {
	var role, policy struct{ ID string }
	w.call(t, http.MethodPost, "/roles", map[string]any{"name": "Members"}, &role)
	w.call(t, http.MethodPost, "/policies", map[string]any{"name": "Two steps", "enforce_tfa": true}, &policy)
	w.call(t, http.MethodPost, "/access", map[string]any{"role": role.ID, "policy": policy.ID}, nil)
	return func() {
		w.call(t, http.MethodDelete, "/policies/"+policy.ID, nil, nil)
		w.call(t, http.MethodDelete, "/roles/"+role.ID, nil, nil)
	}
}

func lockOutEarly(t *testing.T, w *world) func() {
	w.call(t, http.MethodPatch, "/settings", map[string]any{"auth_login_attempts": 5}, nil)
	return func() { w.call(t, http.MethodPatch, "/settings", map[string]any{"auth_login_attempts": 25}, nil) }
}

// makeFlow lets gatehouse setup make the Flow, and sees that the doctor agrees
// with it.
func makeFlow(t *testing.T, w *world, secret string) func() {
	w.setup(t, secret)
	wanted{"ok", "flow that tells of changes", "is as gatehouse setup makes it", ""}.found(t, w.doctor(t, true, secret))
	return func() {
		var flows []struct{ ID string }
		w.call(t, http.MethodGet, "/flows?fields=id", nil, &flows)
		for _, flow := range flows {
			w.call(t, http.MethodDelete, "/flows/"+flow.ID, nil, nil)
		}
	}
}
