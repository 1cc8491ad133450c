package prepare

import (
	"maps"
	"slices"
)

// The groups of fields in the Studio, in order.
const (
	groupAddresses = "group_addresses"
	groupSignIn    = "group_sign_in"
	groupSecret    = "group_secret"
	groupPages     = "group_pages"
	groupSignOut   = "group_sign_out"
	groupKeys      = "group_keys"
	groupRecord    = "group_record"
)

// field is one field of the collection of clients, as it looks in the Studio.
type field struct {
	name, kind string
	group      string
	note       string
	half       bool
	schema     map[string]any
	meta       map[string]any
}

// clientFields are those of the collection of clients, named as in RFC 7591, section
// 2, and OpenID Connect Dynamic Client Registration 1.0, section 2. Of what a
// database may not know, such as JSON, Directus takes care.
func clientFields(choices map[string][]string) []field {
	choose := func(name, group, note string) field { return chosen(name, group, note, choices[name], false) }
	several := func(name, group, note string) field { return chosen(name, group, note, choices[name], true) }
	return []field{
		{
			name: "client_id", kind: "string", half: true, note: "The name of the app in the protocol. Letters, digits and hyphens; it cannot be changed later.",
			schema: map[string]any{"is_primary_key": true, "is_nullable": false, "max_length": 255},
			meta:   map[string]any{"interface": "input", "required": true, "options": trimmed("acme-shop")},
		},
		{
			name: "status", kind: "string", half: true, note: "off: nobody can sign in at the app, and its tokens are refused until it is active again.",
			schema: map[string]any{"default_value": "active", "is_nullable": false, "max_length": 16},
			meta: map[string]any{
				"interface": "select-dropdown", "required": true, "display": "labels",
				"options": map[string]any{"choices": statusChoices()}, "display_options": map[string]any{"showAsDot": true, "choices": statusChoices()},
			},
		},
		text("client_name", "", "The name that people see at sign-in. After a change they are asked for their consent again.", "Acme Shop"),
		several("grant_types", "", "authorization_code for sign-in, refresh_token to stay signed in, client_credentials for programs without people."),

		group(groupAddresses, "Addresses", "open"),
		uris("redirect_uris", groupAddresses, "Every address that the app wants its answer at, exactly as it asks for it. Whoever sets these receives the tokens of everybody who signs in.", "https://shop.example.com/callback"),
		uris("post_logout_redirect_uris", groupAddresses, "Every address that the app wants people back at after sign-out.", "https://shop.example.com/signed-out"),
		text("client_uri", groupAddresses, "The home page of the app.", "https://shop.example.com"),
		text("logo_uri", groupAddresses, "The logo of the app, for the consent page.", "https://shop.example.com/logo.png"),

		group(groupSecret, "How the app proves itself", "open"),
		choose("token_endpoint_auth_method", groupSecret, "none for apps in browsers and on devices, which can keep no secret. Empty: client_secret_basic or client_secret_post."),
		choose("application_type", groupSecret, "web, or native for an app on people's devices. Empty: web."),
		{
			name: "client_secret_sha256", kind: "string", group: groupSecret, half: true,
			note:   "The SHA-256 digest of the secret, never the secret. Make both with: gatehouse client secret",
			schema: map[string]any{"max_length": 64},
			meta: map[string]any{
				"interface": "input", "options": map[string]any{"trim": true, "font": "monospace", "placeholder": "64 hexadecimal digits"},
				"validation": isDigest("client_secret_sha256"), "validation_message": "This is not a digest: 64 hexadecimal digits, from gatehouse client secret",
			},
		},
		moment("client_secret_expires_at", groupSecret, "When that secret ends. Empty: never.", nil),
		{
			name: "old_client_secret_sha256", kind: "string", group: groupSecret, half: true,
			note:   "The digest of the secret that was replaced, while the app still uses it.",
			schema: map[string]any{"max_length": 64},
			meta: map[string]any{
				"interface": "input", "options": map[string]any{"trim": true, "font": "monospace", "placeholder": "64 hexadecimal digits"},
				"validation": isDigest("old_client_secret_sha256"), "validation_message": "This is not a digest: 64 hexadecimal digits, from gatehouse client secret",
			},
		},
		moment("old_client_secret_expires_at", groupSecret, "When the old secret ends. It must.", []any{map[string]any{
			"name": "with an old secret", "required": true,
			"rule": map[string]any{"_and": []any{map[string]any{"old_client_secret_sha256": map[string]any{"_nempty": true}}}},
		}}),
		{
			name: "jwks", kind: "json", group: groupSecret, note: "The public keys of the app (RFC 7517), for private_key_jwt, request objects and encryption. Never a private key.",
			meta: map[string]any{"interface": "input-code", "special": []string{"cast-json"}, "options": map[string]any{"language": "JSON", "placeholder": `{"keys": []}`}},
		},
		text("jwks_uri", groupSecret, "Where the public keys of the app are, instead of jwks.", "https://shop.example.com/jwks.json"),

		group(groupSignIn, "Sign-in", "closed"),
		several("response_types", groupSignIn, "Empty: code. All but code send tokens through the browser."),
		text("scope", groupSignIn, "What the app may ask for, separated by spaces. Empty: every scope.", "openid profile email"),
		{
			name: "default_max_age", kind: "integer", group: groupSignIn, half: true, note: "Seconds after which a sign-in must be renewed for this app.",
			meta: map[string]any{"interface": "input", "options": map[string]any{"min": 0}},
		},
		yesNo("require_auth_time", groupSignIn, "Always say in ID tokens when the person signed in."),
		list("default_acr_values", groupSignIn, "Ways of signing in that are asked for unless a request asks for others.", ""),
		text("initiate_login_uri", groupSignIn, "Where the app starts a sign-in.", "https://shop.example.com/sign-in"),
		choose("subject_type", groupSignIn, "pairwise: the app knows each person by an id that others do not see. Empty: public."),
		text("sector_identifier_uri", groupSignIn, "The group of apps that know a person by one id, for pairwise.", ""),

		group(groupSignOut, "Sign-out", "closed"),
		text("backchannel_logout_uri", groupSignOut, "Told by a logout token when a session ends.", "https://shop.example.com/backchannel-logout"),
		yesNo("backchannel_logout_session_required", groupSignOut, "Whether the app relies on sid in that token. It is always there."),
		text("frontchannel_logout_uri", groupSignOut, "Loaded in a frame when a person signs out. Of the scheme, host and port of one of the redirect_uris.", "https://shop.example.com/frontchannel-logout"),
		yesNo("frontchannel_logout_session_required", groupSignOut, "Whether the app relies on iss and sid in that address. They are always there."),

		group(groupPages, "About the app", "closed"),
		text("policy_uri", groupPages, "The privacy policy of the app.", "https://shop.example.com/privacy"),
		text("tos_uri", groupPages, "The terms of service of the app.", "https://shop.example.com/terms"),
		list("contacts", groupPages, "Whom to write to about the app.", "team@shop.example.com"),
		text("software_id", groupPages, "The name of the software, the same for all who run it.", ""),
		text("software_version", groupPages, "The version of the software.", ""),

		group(groupKeys, "Signing and encryption", "closed"),
		choose("token_endpoint_auth_signing_alg", groupKeys, "The only algorithm taken for private_key_jwt."),
		choose("id_token_signed_response_alg", groupKeys, "How ID tokens are signed. Empty: RS256."),
		choose("id_token_encrypted_response_alg", groupKeys, "Encrypt ID tokens to a key of the app by this algorithm."),
		choose("id_token_encrypted_response_enc", groupKeys, "How their content is encrypted. Empty: A128CBC-HS256."),
		choose("userinfo_signed_response_alg", groupKeys, "Answer at userinfo with a token that is signed by this algorithm."),
		choose("userinfo_encrypted_response_alg", groupKeys, "Encrypt the answer at userinfo to a key of the app by this algorithm."),
		choose("userinfo_encrypted_response_enc", groupKeys, "How its content is encrypted. Empty: A128CBC-HS256."),
		choose("request_object_signing_alg", groupKeys, "The only algorithm taken for request objects."),
		choose("request_object_encryption_alg", groupKeys, "The algorithm by which the app may encrypt request objects."),
		choose("request_object_encryption_enc", groupKeys, "How their content may be encrypted."),
		uris("request_uris", groupKeys, "Every address that the app refers to as request_uri.", "https://shop.example.com/request.jwt"),

		group(groupRecord, "Record", "closed"),
		recorded("date_created", "timestamp", "datetime", "datetime", "date-created"),
		recorded("user_created", "uuid", "select-dropdown-m2o", "user", "user-created"),
		// Gatehouse asks for the latest of these, to learn of changes.
		recorded("date_updated", "timestamp", "datetime", "datetime", "date-created", "date-updated"),
		recorded("user_updated", "uuid", "select-dropdown-m2o", "user", "user-updated"),
	}
}

func statusChoices() []any {
	return []any{
		map[string]any{"text": "Active", "value": "active", "icon": "check", "color": "var(--theme--success)"},
		map[string]any{"text": "Off", "value": "off", "icon": "block", "color": "var(--theme--foreground-subdued)"},
	}
}

func trimmed(placeholder string) map[string]any {
	return map[string]any{"trim": true, "placeholder": placeholder}
}

func isDigest(name string) map[string]any {
	return map[string]any{"_and": []any{map[string]any{name: map[string]any{"_regex": "^[0-9A-Fa-f]{64}$"}}}}
}

// text is a column without a limit: addresses may be long.
func text(name, group, note, placeholder string) field {
	return field{name: name, kind: "text", group: group, note: note, half: true, meta: map[string]any{"interface": "input", "options": trimmed(placeholder)}}
}

func list(name, group, note, placeholder string) field {
	return field{
		name: name, kind: "json", group: group, note: note,
		meta: map[string]any{"interface": "tags", "special": []string{"cast-json"}, "options": map[string]any{"placeholder": placeholder}},
	}
}

func uris(name, group, note, placeholder string) field {
	f := list(name, group, note, placeholder)
	f.meta["options"] = map[string]any{"placeholder": placeholder, "iconRight": "link"}
	return f
}

func chosen(name, group, note string, values []string, several bool) field {
	var choices []any
	for _, value := range values {
		choices = append(choices, map[string]any{"text": value, "value": value})
	}
	// What a later Gatehouse knows can be written too.
	options := map[string]any{"choices": choices, "allowOther": true, "allowNone": true}
	if several {
		return field{
			name: name, kind: "json", group: group, note: note,
			meta: map[string]any{"interface": "select-multiple-dropdown", "special": []string{"cast-json"}, "options": options},
		}
	}
	return field{name: name, kind: "string", group: group, note: note, half: true, meta: map[string]any{"interface": "select-dropdown", "options": options}}
}

func yesNo(name, group, note string) field {
	return field{
		name: name, kind: "boolean", group: group, note: note, half: true,
		schema: map[string]any{"default_value": false}, meta: map[string]any{"interface": "boolean", "special": []string{"cast-boolean"}},
	}
}

func moment(name, group, note string, conditions []any) field {
	meta := map[string]any{"interface": "datetime"}
	if conditions != nil {
		meta["conditions"] = conditions
	}
	return field{name: name, kind: "timestamp", group: group, note: note, half: true, meta: meta}
}

func recorded(name, kind, shown, display string, special ...string) field {
	return field{
		name: name, kind: kind, group: groupRecord, half: true,
		meta: map[string]any{"interface": shown, "display": display, "special": special, "readonly": true},
	}
}

// group is a heading in the form, and no column.
func group(name, title, start string) field {
	return field{name: name, kind: "alias", meta: map[string]any{
		"interface": "group-detail", "special": []string{"alias", "no-data", "group"}, "options": map[string]any{"start": start},
		"translations": []any{map[string]any{"language": "en-US", "translation": title}},
	}}
}

// body is what Directus is told of a field at the given place of the form.
func (f field) body(place int) map[string]any {
	meta := maps.Clone(f.meta)
	meta["sort"], meta["width"] = place, "full"
	if f.half {
		meta["width"] = "half"
	}
	if f.group != "" {
		meta["group"] = f.group
	}
	if f.note != "" {
		meta["note"] = f.note
	}
	body := map[string]any{"field": f.name, "type": f.kind, "meta": meta}
	if f.kind != "alias" {
		schema := map[string]any{}
		maps.Copy(schema, f.schema)
		body["schema"] = schema
	}
	return body
}

// ClientColumns lists the columns of the collection of clients that say something
// of a client, for comparison with those that are read.
func ClientColumns() []string {
	var names []string
	for _, f := range clientFields(nil) {
		if f.kind != "alias" && !slices.Contains([]string{"date_created", "user_created", "date_updated", "user_updated"}, f.name) {
			names = append(names, f.name)
		}
	}
	return names
}
