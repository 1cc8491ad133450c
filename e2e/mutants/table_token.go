package main

// tokens are the rules of the token endpoint.
func tokens() []Mutant {
	return []Mutant{
		{
			Rule: "code one-time", File: "provider/token/code.go",
			Text:        "	case !code.RedeemedAt.IsZero():",
			Replacement: "	case code.RedeemedAt.After(s.Now()):",
			Tests:       []string{"oidcc-codereuse"},
		},
		{
			Rule: "code replay kills its tokens", File: "provider/token/code.go",
			Text:        `		if err := s.Revoke(ctx, grant, "authorization code was redeemed twice"); err != nil {`,
			Replacement: "		if err := ctx.Err(); err != nil {",
			Tests:       []string{"oidcc-codereuse-30seconds"},
		},
		{
			Rule: "code bound to its client", File: "provider/token/code.go",
			Text:        "	case grant.ClientID != client.ID, foreign(client, grant):",
			Replacement: "	case foreign(client, grant):",
			Package:     "provider", Tests: []string{"TestMistake10TokensOfOtherClients"},
		},
		{
			Rule: "code expires", File: "provider/token/code.go",
			Text:        "	case !s.Now().Before(code.Expires):",
			Replacement: "	case code.Expires.IsZero():",
			Package:     "provider/grant", Tests: []string{"TestCodeExpires"},
		},
		{
			Rule: "redirect_uri at the token endpoint", File: "provider/token/code.go",
			Text:        "	case redemption.RedirectURI != code.RedirectURI:",
			Replacement: `	case redemption.RedirectURI != code.RedirectURI && client.ID == "":`,
			Package:     "provider/grant", Tests: []string{"TestCodeIsBoundToTheRequest"},
		},
		{
			Rule: "PKCE verifier", File: "provider/token/code.go",
			Text:        "	if !oidc.VerifyCodeChallenge(challenge, verifier) {",
			Replacement: `	if !oidc.VerifyCodeChallenge(challenge, verifier) && verifier == "" {`,
			Package:     "provider/grant", Tests: []string{"TestCodeIsBoundToTheRequest"},
		},
		{
			Rule: "refresh token bound to its client", File: "provider/token/refreshing.go",
			Text:        "	case grant.ClientID != client.ID, foreign(client, grant):",
			Replacement: "	case foreign(client, grant):",
			Tests:       []string{"oidcc-refresh-token"},
		},
		{
			Rule: "refresh token reuse revokes", File: "provider/token/refreshing.go",
			Text:        `		if err := s.Revoke(ctx, grant, "refresh token was used again"); err != nil {`,
			Replacement: "		if err := ctx.Err(); err != nil {",
			Package:     "provider/grant", Tests: []string{"TestRefreshReplay"},
		},
		{
			Rule: "a refresh widens no scope", File: "provider/token/refreshing.go",
			Text:        `			return nil, oauth.NewError(oauth.InvalidScope, "the scope goes beyond what was granted")`,
			Replacement: "			return asked, nil",
			Package:     "provider/grant", Tests: []string{"TestRefreshScope"},
		},
		{
			Rule: "no grant of before the right is exchanged", File: "provider/grant/token_exchange.go",
			Text:        "	if !active.Grant.Directus {",
			Replacement: `	if active.Grant.ID == "" {`,
			Package:     "provider/grant", Tests: []string{"TestGrantOfBeforeTheRightIsNotExchanged"},
		},
		{
			Rule: "who may not use the client has no tokens of Directus by it", File: "provider/grant/token_exchange.go",
			Text:        "	if err := whose.check(ctx, active.Grant); err != nil {",
			Replacement: `	if err := whose.check(ctx, active.Grant); err != nil && client.ID == "" {`,
			Package:     "provider/grant", Tests: []string{"TestTokenExchangeIsForUsersOfTheClient"},
		},
		{
			Rule: "no-store", File: "provider/oauth/write.go",
			Text:        `	header.Set("Cache-Control", "no-store")`,
			Replacement: `	header.Set("Cache-Control", "private")`,
			Tests:       []string{"oidcc-refresh-token"},
		},
		{
			Rule: "token endpoint by POST only", File: "provider/oauth/form.go",
			Text:        "	if r.Method != http.MethodPost {",
			Replacement: `	if r.Method == http.MethodPut {`,
			Package:     "provider", Tests: []string{"TestMistake03ParametersInTheQuery"},
		},
		{
			Rule: "one method of client authentication", File: "provider/clientauth/authenticate.go",
			Text:        "	case len(chosen) > 1:",
			Replacement: "	case len(chosen) > 9:",
			Package:     "provider/clientauth", Tests: []string{"TestAuthenticateRefuses"},
		},
		{
			Rule: "the registered method of authentication", File: "provider/clientauth/authenticate.go",
			Text:        "	if known && !slices.Contains(permitted(client), m.name) {",
			Replacement: "	if known && !slices.Contains(permitted(client), m.name) && client.ID == \"\" {",
			Package:     "provider", Tests: []string{"TestClientAuthenticationAtTheTokenEndpoint"},
		},
	}
}

// resources are the rules of whoever takes access tokens.
func resources() []Mutant {
	return []Mutant{
		{
			Rule: "userinfo sub", File: "provider/userinfo/userinfo.go",
			Text:        `	released["sub"] = active.Subject`,
			Replacement: `	released["sub"] = active.Subject + "x"`,
			Tests:       []string{"oidcc-userinfo-get"},
		},
		{
			Rule: "claims parameter at userinfo", File: "provider/userinfo/userinfo.go",
			Text:        "	requested := e.Claims.Withhold(active.Grant.Claims, withheld).UserInfo",
			Replacement: "	requested := e.Claims.Withhold(active.Grant.Claims, withheld).UserInfo\n	clear(requested)",
			Tests:       []string{"oidcc-claims-essential"},
		},
		{
			Rule: "userinfo signed", File: "provider/token/encrypt.go",
			Text:        `	signs, encrypts := client.UserInfoSignedResponseAlg != "", `,
			Replacement: `	signs, encrypts := client.UserInfoSignedResponseAlg == "x", `,
			Tests:       []string{"oidcc-userinfo-rs256"},
		},
		{
			Rule: "aud of signed userinfo", File: "provider/token/encrypt.go",
			Text:        `	claims["iss"], claims["aud"] = s.Issuer, client.ID`,
			Replacement: `	claims["iss"], claims["aud"] = s.Issuer, s.Issuer`,
			Tests:       []string{"oidcc-userinfo-rs256"},
		},
		{
			Rule: "no nonce in signed userinfo", File: "provider/token/encrypt.go",
			Text:        `	claims["iss"], claims["aud"] = s.Issuer, client.ID`,
			Replacement: `	claims["iss"], claims["aud"], claims["nonce"] = s.Issuer, client.ID, client.ID`,
			Tests:       []string{"oidcc-userinfo-rs256"},
		},
		{
			Rule: "userinfo by POST", File: "provider/userinfo/userinfo.go",
			Text:        "	if r.Method != http.MethodGet && r.Method != http.MethodPost {",
			Replacement: "	if r.Method != http.MethodGet {",
			Tests:       []string{"oidcc-userinfo-post-header"},
		},
		{
			Rule: "userinfo takes a token in the form", File: "provider/userinfo/userinfo.go",
			Text:        `		body = form.Get("access_token")`,
			Replacement: `		body = form.Get("token")`,
			Tests:       []string{"oidcc-userinfo-post-body"},
		},
		{
			Rule: "userinfo takes no token in the query", File: "provider/userinfo/userinfo.go",
			Text:        `	if r.URL.Query().Has("access_token") {`,
			Replacement: `	if r.URL.Query().Get("access_token") == "x" {`,
			Package:     "provider/userinfo", Tests: []string{"TestBadPresentationsAreRefused"},
		},
		{
			Rule: "a suspended user's tokens are dead", File: "provider/userinfo/userinfo.go",
			Text:        "	if errors.Is(err, account.ErrInactive) {",
			Replacement: `	if errors.Is(err, account.ErrInactive) && user.ID != "" {`,
			Package:     "provider/userinfo", Tests: []string{"TestSuspendedUserIsCutOff"},
		},
		{
			Rule: "introspection of one's own tokens only", File: "provider/introspection/introspection.go",
			Text:        "	case !mayLook(client, active.Grant.ClientID):",
			Replacement: `	case !mayLook(client, active.Grant.ClientID) && client.ID == "":`,
			Package:     "provider/introspection", Tests: []string{"TestWhoLearnsWhat"},
		},
		{
			Rule: "revocation of one's own tokens only", File: "provider/revocation/revocation.go",
			Text:        "	if active.Grant.ClientID != client.ID {",
			Replacement: `	if active.Grant.ClientID != client.ID && client.ID == "" {`,
			Package:     "provider/revocation", Tests: []string{"TestRefusals"},
		},
	}
}
