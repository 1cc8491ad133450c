package main

// idTokens are the rules of ID tokens.
func idTokens() []Mutant {
	return []Mutant{
		{
			Rule: "nonce in ID token", File: "provider/token/id_token.go",
			Text:        "Nonce: authorization.Nonce,",
			Replacement: `Nonce: authorization.Nonce + "x",`,
			Tests:       []string{"oidcc-server"},
		},
		{
			Rule: "at_hash", File: "provider/token/id_token.go",
			Text:        "halfHash(c.accessToken, alg)",
			Replacement: "halfHash(c.code, alg)",
			Tests:       []string{"oidcc-server"},
		},
		{
			Rule: "c_hash", File: "provider/token/id_token.go",
			Text:        "halfHash(c.code, alg)",
			Replacement: `halfHash(c.code[:len(c.code)/2], alg)`,
			Tests:       []string{"oidcc-server"},
		},
		{
			Rule: "s_hash", File: "provider/token/id_token.go",
			Text:        "halfHash(c.state, alg)",
			Replacement: "halfHash(c.code, alg)",
			Tests:       []string{"oidcc-server"},
		},
		{
			Rule: "iss of ID tokens", File: "provider/token/id_token.go",
			Text:        "Issuer: s.Issuer,",
			Replacement: `Issuer: s.Issuer + "/",`,
			Tests:       []string{"oidcc-server"},
		},
		{
			Rule: "aud of ID tokens", File: "provider/token/id_token.go",
			Text:        "Audience: oidc.Audience{client.ID},",
			Replacement: "Audience: oidc.Audience{s.Issuer},",
			Tests:       []string{"oidcc-server"},
		},
		{
			Rule: "exp of ID tokens", File: "provider/token/id_token.go",
			Text:        "now.Add(s.Lifetimes.IDToken)",
			Replacement: "now.Add(-s.Lifetimes.IDToken)",
			Tests:       []string{"oidcc-server"},
		},
		{
			Rule: "auth_time", File: "provider/token/id_token.go",
			Text:        "AuthTime: oidc.FromTime(grant.AuthenticatedAt), ",
			Replacement: "",
			Tests:       []string{"oidcc-max-age-10000", "oidcc-max-age-1"},
		},
		{
			Rule: "acr", File: "provider/token/id_token.go",
			Text:        "AuthenticationContextClassReference: grant.ACR,",
			Replacement: `AuthenticationContextClassReference: "urn:other",`,
			Tests:       []string{"oidcc-ensure-request-with-acr-values-succeeds"},
		},
		{
			Rule: "no client_id in ID tokens", File: "provider/token/id_token.go",
			Text:        "Audience: oidc.Audience{client.ID},",
			Replacement: "Audience: oidc.Audience{client.ID}, ClientID: client.ID,",
			Tests:       []string{"oidcc-server"},
		},
		{
			Rule: "email only at userinfo", File: "provider/claims/release.go",
			Text:        "	if client.IDTokenScopeClaims {",
			Replacement: `	if client.ID != "" {`,
			Tests:       []string{"oidcc-scope-email", "oidcc-alternate-happy-flow"},
		},
		{
			Rule: "claims in an ID token that comes alone", File: "provider/authorize/respond.go",
			Text:        "		in, requested = append(in, claims.UserInfo), ",
			Replacement: "		in, requested = in[:1:1], ",
			Tests:       []string{"oidcc-scope-email"},
		},
		{
			Rule: "claims where they were asked for", File: "provider/authorize/respond.go",
			Text:        "	requested := claims.Identity(request.Claims).IDToken",
			Replacement: "	requested := claims.Identity(request.Claims).UserInfo",
			Tests:       []string{"oidcc-claims-essential"},
		},
	}
}
