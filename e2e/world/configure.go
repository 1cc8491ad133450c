package world

import (
	"path/filepath"
	"strconv"

	"gatehouse/e2e/stack"
)

// configure writes gatehouse.yaml.
func (w *World) configure() error {
	store := map[string]any{"bolt": map[string]any{"path": filepath.Join(w.dir, "gatehouse.db")}}
	if w.Store == Redis {
		store = map[string]any{
			"redis":        map[string]any{"addresses": []string{w.redis.Addr}, "password": redisPassword},
			"sealing_keys": []string{w.sealingKey()},
		}
	}
	directus := map[string]any{
		"url": w.directus.URL, "token_file": filepath.Join(w.dir, "directus-token"),
		// A suspended user is cut off within this time.
		"staleness": "1s",
	}
	if w.Own {
		directus["public_url"], directus["external_sign_in"] = w.directusAddress(), true
	}
	if w.Writes {
		directus["write_token_file"] = filepath.Join(w.dir, "directus-write-token")
	}
	var err error
	w.gatehouse, err = stack.NewGatehouse(stack.GatehouseOptions{Binary: w.binary(), Dir: w.dir, Config: map[string]any{
		"issuer":   w.Issuer,
		"listen":   "127.0.0.1:" + strconv.Itoa(w.ports.gatehouse),
		"log":      map[string]any{"format": "text"},
		"directus": directus,
		"store":    store,
		"tokens": map[string]any{
			// The app refreshes ten seconds before the end: so, after two.
			"access_token_lifetime": "12s",
			"request_lifetime":      "1m",
		},
		// All specs come from one address, and some fail on purpose.
		"throttle": map[string]any{"addresses": 10_000, "network_mails": 10_000, "recipient_mails": 10_000},
		// Off unless it is asked for. Issuer and apps are one site to browsers,
		// so that it works here.
		"session_management": true,
		"policy_uri":         w.Shop.URL + "/privacy",
		"tos_uri":            w.Shop.URL + "/terms",
		"help_uri":           w.Shop.URL + "/help",
		"clients":            []map[string]any{w.webClient(w.Shop), w.webClient(w.Club), nativeClient(w.Native), w.editorsClient(), w.Portal.client()},
	}})
	return err
}

func (w *World) webClient(app App) map[string]any {
	client := map[string]any{
		"client_id": app.ClientID, "client_secret": app.secret, "client_name": app.Name, "client_uri": app.URL,
		"redirect_uris":             []string{app.URL + "/api/auth/callback/gatehouse"},
		"post_logout_redirect_uris": []string{app.URL + "/signed-out"},
		"grant_types":               []string{"authorization_code", "refresh_token"},
	}
	if app.ClientID == w.Club.ClientID {
		// One app with everything that pages show of one.
		client["logo_uri"] = app.URL + "/icon.svg"
		client["policy_uri"] = app.URL + "/privacy"
		client["tos_uri"] = app.URL + "/terms"
		client["initiate_login_uri"] = app.URL + "/account"
	} else {
		// The other reads and adds notes in Directus as the person.
		client["grant_types"] = []string{"authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:token-exchange"}
		client["directus_exchange"] = "users"
	}
	return client
}

func nativeClient(app NativeApp) map[string]any {
	return map[string]any{
		"client_id": app.ClientID, "client_name": app.Name, "application_type": "native",
		"token_endpoint_auth_method": "none",
		"redirect_uris":              []string{"http://127.0.0.1" + app.CallbackPath},
		"response_types":             []string{"code", "code id_token"},
		"grant_types":                []string{"authorization_code", "refresh_token", "implicit"},
	}
}

func (w *World) editorsClient() map[string]any {
	client := nativeClient(w.Editors)
	client["allow"] = map[string]any{"filter": map[string]any{"title": map[string]any{"_eq": "Editor"}}}
	return client
}
