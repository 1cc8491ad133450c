package main

// registrations are the rules of clients that register themselves.
func registrations() []Mutant {
	return []Mutant{
		{
			Rule: "DCR fragment refused", File: "provider/clients/redirect.go",
			Text:        `	case strings.Contains(uri, "#"):`,
			Replacement: `	case strings.Contains(uri, "##"):`,
			Tests:       []string{"oidcc-redirect-uri-regfrag"},
		},
		{
			Rule: "DCR 201", File: "provider/registration/registration.go",
			Text:        "	oauth.WriteJSON(w, http.StatusCreated, answer)",
			Replacement: "	oauth.WriteJSON(w, http.StatusOK, answer)",
			Tests:       []string{"oidcc-3rd_party-init-login", "oidcc-server"},
		},
		{
			Rule: "DCR 204", File: "provider/registration/manage.go",
			Text:        "	w.WriteHeader(http.StatusNoContent)",
			Replacement: "	w.WriteHeader(http.StatusOK)",
			Tests:       []string{"oidcc-3rd_party-init-login", "oidcc-server"},
		},
		{
			Rule: "client_secret_expires_at", File: "provider/registration/metadata.go",
			Text:        `		answer["client_secret_expires_at"] = 0`,
			Replacement: `		answer["client_secret_expires"] = 0`,
			Tests:       []string{"oidcc-3rd_party-init-login", "oidcc-server"},
		},
		{
			Rule: "sector_identifier_uri content", File: "provider/registration/sector.go",
			Text:        "		if !slices.Contains(listed, uri) {",
			Replacement: "		if !slices.Contains(listed, uri) && uri == \"\" {",
			Tests:       []string{"oidcc-registration-sector-bad"},
		},
		{
			Rule: "initiate_login_uri https", File: "provider/clients/validate_addresses.go",
			Text:        `	v.web("initiate_login_uri", v.client.InitiateLoginURI)`,
			Replacement: `	v.web("initiate_login_uri", v.client.ClientURI)`,
			Tests:       []string{"oidcc-3rd_party-init-login-nohttps"},
		},
		{
			Rule: "scopes of clients that register themselves", File: "provider/registration/metadata.go",
			Text:        "func(scope string) bool { return !slices.Contains(e.Scopes, scope) }",
			Replacement: "func(scope string) bool { return !slices.Contains(asked, scope) }",
			Package:     "provider/registration", Tests: []string{"TestScopeIsLimited"},
		},
	}
}
