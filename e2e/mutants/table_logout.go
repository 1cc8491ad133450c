package main

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
			Rule: "a doubtful sign-out is confirmed", File: "provider/logout/logout.go",
			Text:        "	case e.names(asked, s):",
			Replacement: "	case e.names(asked, s) || s.ID != \"\":",
			Tests:       []string{"oidcc-rp-initiated-logout-no-params", "oidcc-rp-initiated-logout-only-state", "oidcc-rp-initiated-logout-no-id-token-hint"},
		},
		{
			Rule: "signing out ends the session", File: "provider/logout/logout.go",
			Text:        `	ended, err := e.Sessions.End(r.Context(), w, browser, s, "signed out")`,
			Replacement: "	ended, err := s, r.Context().Err()",
			Tests:       []string{"oidcc-rp-initiated-logout"},
		},
		{
			Rule: "a hint of another session is confirmed", File: "provider/logout/logout.go",
			Text:        " && asked.sid == session.SID(s.ID, asked.client.ID)",
			Replacement: ` && session.SID(s.ID, asked.client.ID) != ""`,
			Package:     "provider/logout", Tests: []string{"TestDoubtfulRequestsAreConfirmed"},
		},
		{
			Rule: "a hint that does not verify is not believed", File: "provider/logout/request.go",
			Text:        "			return request{}, nil //nolint:nilerr // no fault of the person's",
			Replacement: "			parameters.Del(\"id_token_hint\")\n			return e.parse(ctx, parameters)",
			Package:     "provider/logout", Tests: []string{"TestNoAppIsReturnedToOnDoubtfulWord"},
		},
		{
			Rule: "state after signing out", File: "provider/logout/request.go",
			Text:        `	if state := parameters.Get("state"); state != "" {`,
			Replacement: `	if state := parameters.Get("state"); len(state) > 128 {`,
			Tests:       []string{"oidcc-rp-initiated-logout"},
		},
	}
}

// frames are the rules of front-channel logout.
func frames() []Mutant {
	module := []string{"oidcc-frontchannel-rp-initiated-logout"}
	return []Mutant{
		{
			Rule: "front-channel logout by frames", File: "provider/logout/logout.go",
			Text:        "len(frames) > 0 {",
			Replacement: "len(frames) > 99 {",
			Tests:       module,
		},
		{
			Rule: "sid of front-channel logout", File: "provider/frontchannel/frames.go",
			Text:        "session.SID(s.ID, client.ID)",
			Replacement: "session.SID(s.ID, f.Issuer)",
			Tests:       module,
		},
		{
			Rule: "iss of front-channel logout", File: "provider/frontchannel/frames.go",
			Text:        `"iss": {f.Issuer}`,
			Replacement: `"iss": {client.ID}`,
			Tests:       module,
		},
	}
}

// states are the rules of session management.
func states() []Mutant {
	module := []string{"oidcc-session-management-rp-initiated-logout"}
	return []Mutant{
		{
			Rule: "session_state", File: "provider/authorize/respond.go",
			Text:        `			parameters.Set("session_state", state)`,
			Replacement: `			parameters.Set("session", state)`,
			Tests:       module,
		},
		{
			Rule: "the frame compares the browser's state", File: "provider/checksession/check_session.js",
			Text:        "+ browserState() + ",
			Replacement: "+ 'x' + ",
			Tests:       module,
		},
		{
			Rule: "the frame says changed", File: "provider/checksession/check_session.js",
			Text:        "=== parts[1] ? 'unchanged' : 'changed'",
			Replacement: "=== parts[1] ? 'unchanged' : 'unchanged'",
			Tests:       module,
		},
		{
			Rule: "the frame may be framed", File: "provider/checksession/page.go",
			Text:        "script-src 'self'; base-uri 'none'",
			Replacement: "script-src 'self'; base-uri 'none'; frame-ancestors 'none'",
			Tests:       module,
		},
	}
}

// logoutTokens are the rules of back-channel logout.
func logoutTokens() []Mutant {
	module := []string{"oidcc-backchannel-rp-initiated-logout"}
	return []Mutant{
		{
			Rule: "logout_token nonce absent", File: "provider/backchannel/token.go",
			Text:        "SessionID: delivery.SID,",
			Replacement: `SessionID: delivery.SID, Claims: map[string]any{"nonce": delivery.JTI},`,
			Tests:       module,
		},
		{
			Rule: "logout_token typ", File: "provider/backchannel/token.go",
			Text:        "d.Signer.Sign(algorithm, keys.TypeLogoutToken, payload)",
			Replacement: "d.Signer.Sign(algorithm, keys.TypeJWT, payload)",
			Tests:       module,
		},
		{
			Rule: "logout_token events", File: "provider/backchannel/token.go",
			Text:        "logoutEvent: struct{}{}",
			Replacement: "logoutEvent: true",
			Tests:       module,
		},
		{
			Rule: "logout_token sid", File: "provider/backchannel/token.go",
			Text:        "SessionID: delivery.SID,",
			Replacement: `SessionID: delivery.SID + "x",`,
			Tests:       module,
		},
		{
			Rule: "logout_token sub", File: "provider/backchannel/token.go",
			Text:        "Subject: d.Subjects.Of(client, delivery.Subject),",
			Replacement: "Subject: d.Subjects.Of(client, delivery.Subject) + client.ID,",
			Tests:       module,
		},
		{
			Rule: "logout_token aud", File: "provider/backchannel/token.go",
			Text:        "Audience: oidc.Audience{client.ID},",
			Replacement: "Audience: oidc.Audience{d.Issuer},",
			Tests:       module,
		},
		{
			Rule: "logout_token jti", File: "provider/backchannel/token.go",
			Text:        "JWTID: delivery.JTI,",
			Replacement: `JWTID: delivery.JTI[:0],`,
			Tests:       module,
		},
		{
			Rule: "logout_token iat", File: "provider/backchannel/token.go",
			Text:        "IssuedAt: oidc.FromTime(now),",
			Replacement: "IssuedAt: oidc.FromTime(now.Add(-24 * time.Hour)),",
			Tests:       module,
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
		{
			Rule: "discovery says that logout tokens have a sid", File: "provider/discovery/discovery.go",
			Text:        "			BackChannelLogoutSessionSupported: true,",
			Replacement: "			BackChannelLogoutSessionSupported: false,",
			Tests:       []string{"oidcc-backchannel-logout-discovery-endpoint-verification"},
		},
		{
			Rule: "discovery says that frames get a sid", File: "provider/discovery/discovery.go",
			Text:        "		FrontChannelLogoutSession: true,",
			Replacement: "		FrontChannelLogoutSession: false,",
			Tests:       []string{"oidcc-frontchannel-logout-discovery-endpoint-verification"},
		},
	}
}
