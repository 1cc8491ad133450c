package main

// registrations are the rules of clients that register themselves.
func registrations() []Mutant { return nil }

// logouts are the rules of signing out.
func logouts() []Mutant {
	return []Mutant{
		{
			Rule: "post_logout_redirect_uri exact", File: "provider/logout/request.go",
			Text:        "	if !clients.MatchPostLogoutRedirectURI(asked.client, returnURL) {",
			Replacement: `	if !clients.MatchPostLogoutRedirectURI(asked.client, returnURL) && asked.client.ID == "" {`,
			Tests: []string{
				"oidcc-rp-initiated-logout-bad-post-logout-redirect-uri", "oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri",
			},
		},
		{
			Rule: "state after signing out", File: "provider/logout/request.go",
			Text:        `	if state := parameters.Get("state"); state != "" {`,
			Replacement: `	if state := parameters.Get("state"); len(state) > 128 {`,
			Tests:       []string{"oidcc-rp-initiated-logout"},
		},
	}
}

// documents are the rules of what we say of ourselves.
func documents() []Mutant {
	return []Mutant{
		{
			Rule: "discovery names the issuer", File: "provider/discovery/discovery.go",
			Text:        "			Issuer:                 config.Issuer,",
			Replacement: `			Issuer:                 config.Issuer + "/",`,
			Tests:       []string{"oidcc-discovery-endpoint-verification"},
		},
	}
}
