package main

// requests are the rules of authorization requests.
func requests() []Mutant {
	return []Mutant{
		{
			Rule: "exact redirect_uri", File: "provider/clients/redirect.go",
			Text:        "	if slices.Contains(registered, uri) {\n",
			Replacement: "	if slices.ContainsFunc(registered, func(r string) bool { return strings.HasPrefix(uri, r) || strings.HasPrefix(r, uri) }) {\n",
			Tests:       []string{"oidcc-redirect-uri-query-added", "oidcc-redirect-uri-query-mismatch"},
		},
		{
			Rule: "registered redirect_uri", File: "provider/authorize/check_client.go",
			Text:        "	case !clients.MatchRedirectURI(a.client, uris[0]):",
			Replacement: "	case !clients.MatchRedirectURI(a.client, uris[0]) && len(uris) > 1:",
			Tests:       []string{"oidcc-ensure-registered-redirect-uri"},
		},
		{
			Rule: "redirect_uri in the request", File: "provider/authorize/check_client.go",
			Text:        `		return invalid("redirect_uri is missing")`,
			Replacement: "		a.request.RedirectURI = a.client.RedirectURIs[0]\n		return nil",
			Tests:       []string{"oidcc-ensure-redirect-uri-in-authorization-request"},
		},
		{
			Rule: "unknown client answered by a page", File: "provider/authorize/check_client.go",
			Text:        `		return oauth.NewError(oauth.InvalidClient, "client_id is not registered").WithStatus(400)`,
			Replacement: `		return oauth.NewError(oauth.ServerError, "client_id is not registered")`,
			Package:     "provider/authorize", Tests: []string{"TestIdentityChecksAnswerByPage"},
		},
		{
			Rule: "response_type in the request", File: "provider/authorize/check_client.go",
			Text:        `		return invalid("response_type is missing")`,
			Replacement: "		a.request.ResponseType = oauth.ResponseTypes()[0]\n		return nil",
			Tests:       []string{"oidcc-response-type-missing"},
		},
		{
			Rule: "response_type of the client", File: "provider/authorize/check_client.go",
			Text:        "	case !slices.Contains(a.client.ResponseTypes, responseType):",
			Replacement: "	case len(a.client.ResponseTypes) == 0:",
			Package:     "provider/authorize", Tests: []string{"TestResponseTypesNeedRegistration"},
		},
		{
			Rule: "nonce mandatory", File: "provider/authorize/check_request.go",
			Text:        `	case a.get("nonce") == "" && oauth.ReturnsIDToken(a.request.ResponseType):`,
			Replacement: `	case a.get("nonce") == "" && a.request.ResponseType == "":`,
			Tests:       []string{"oidcc-ensure-request-without-nonce-fails"},
		},
		{
			Rule: "nonce optional for a code", File: "provider/authorize/check_request.go",
			Text:        `	case a.get("nonce") == "" && oauth.ReturnsIDToken(a.request.ResponseType):`,
			Replacement: `	case a.get("nonce") == "":`,
			Tests:       []string{"oidcc-ensure-request-without-nonce-succeeds-for-code-flow"},
		},
		{
			Rule: "PKCE of public clients", File: "provider/authorize/check_request.go",
			Text:        `	case challenge == "" && a.client.Public() && oauth.ReturnsCode(a.request.ResponseType):`,
			Replacement: `	case challenge == "" && a.client.Public() && method != "":`,
			Package:     "provider", Tests: []string{"TestMistake01CodeChallengeWithoutVerifier"},
		},
		{
			Rule: "PKCE by S256 only", File: "provider/authorize/check_request.go",
			Text:        "	case method != string(oidc.CodeChallengeMethodS256):",
			Replacement: `	case method == "none":`,
			Package:     "provider/authorize", Tests: []string{"TestRequestChecksAnswerTheClient"},
		},
		{
			Rule: "id_token_hint of this client", File: "provider/authorize/check_request.go",
			Text:        "	if err != nil || !slices.Contains(hinted.Audience, a.client.ID) {",
			Replacement: "	if err != nil {",
			Package:     "provider/authorize", Tests: []string{"TestIDTokenHint"},
		},
		{
			Rule: "unknown prompt refused", File: "provider/authorize/check_request.go",
			Text:        `			return invalid("prompt has a value that is not supported")`,
			Replacement: "			continue",
			Package:     "provider/authorize", Tests: []string{"TestRequestChecksAnswerTheClient"},
		},
		{
			Rule: "duplicates refused", File: "provider/oauth/form.go",
			Text:        "		if len(given) < 2 {",
			Replacement: "		if len(given) < 200 {",
			Package:     "provider/authorize", Tests: []string{"TestRequestChecksAnswerTheClient"},
		},
	}
}

// answers are the rules of authorization responses.
func answers() []Mutant {
	return []Mutant{
		{
			Rule: "state echoed", File: "provider/authorize/mode.go",
			Text:        `	if request.State != "" {`,
			Replacement: "	if len(request.State) > 128 {",
			Tests:       []string{"oidcc-prompt-none-not-logged-in", "oidcc-server"},
		},
		{
			Rule: "no state that was not sent", File: "provider/authorize/mode.go",
			Text:        `	if request.State != "" {`,
			Replacement: "	if e.Issuer != request.State {",
			Package:     "provider/authorize", Tests: []string{"TestNoStateIsMadeUp"},
		},
		{
			Rule: "iss parameter", File: "provider/authorize/mode.go",
			Text:        `	parameters.Set("iss", e.Issuer)`,
			Replacement: `	parameters.Set("iss", request.ClientID)`,
			Tests:       []string{"oidcc-server", "oidcc-prompt-none-not-logged-in"},
		},
		{
			Rule: "tokens go by fragment", File: "provider/authorize/check_request.go",
			Text:        "	if oauth.FrontChannel(a.responseType()) {\n		a.request.ResponseMode",
			Replacement: "	if a.responseType() == \"never\" {\n		a.request.ResponseMode",
			Tests:       []string{"oidcc-prompt-none-not-logged-in", "oidcc-server"},
		},
		{
			Rule: "tokens never go by query", File: "provider/authorize/check_request.go",
			Text:        "	case asked[0] == string(oidc.ResponseModeQuery) && oauth.FrontChannel(a.responseType()):",
			Replacement: `	case asked[0] == "never":`,
			Package:     "provider/authorize", Tests: []string{"TestTokensNeverGoByQuery"},
		},
		{
			Rule: "expires_in", File: "provider/authorize/respond.go",
			Text:        `		parameters.Set("expires_in", `,
			Replacement: `		parameters.Set("expires", `,
			Tests:       []string{"oidcc-server"},
		},
		{
			Rule: "response_mode=form_post", File: "provider/authorize/mode.go",
			Text:        "		e.Pages.FormPost(w, r, request.RedirectURI, parameters)",
			Replacement: "		e.seeOther(w, r, oauth.AddQuery(request.RedirectURI, parameters))",
			Tests:       []string{"oidcc-server"},
		},
		{
			Rule: "no code in a Referer", File: "provider/authorize/mode.go",
			Text:        `	header.Set("Referrer-Policy", "no-referrer")`,
			Replacement: `	header.Del("Referrer-Policy")`,
			Package:     "provider/authorize", Tests: []string{"TestResponseModes"},
		},
		{
			Rule: "the query of a redirect_uri is kept", File: "provider/oauth/address.go",
			Text:        "	return address + separator + parameters.Encode()",
			Replacement: `	return strings.SplitN(address, "?", 2)[0] + "?" + parameters.Encode() + separator[:0]`,
			Tests:       []string{"oidcc-redirect-uri-query-OK"},
		},
	}
}

// signIn are the rules of what a person is asked.
func signIn() []Mutant {
	return []Mutant{
		{
			Rule: "prompt=none", File: "provider/authorize/handler.go",
			Text:        "	case silent(a.request), unattended(r):",
			Replacement: "	case unattended(r):",
			Tests:       []string{"oidcc-prompt-none-not-logged-in"},
		},
		{
			Rule: "prompt=login", File: "provider/authorize/policy.go",
			Text:        "	if slices.Contains(request.Prompts, string(PromptLogin)) {",
			Replacement: `	if slices.Contains(request.Prompts, "never") {`,
			Tests:       []string{"oidcc-prompt-login"},
		},
		{
			Rule: "max_age", File: "provider/authorize/policy.go",
			Text:        "	return maxAge == 0 || age.Seconds() > float64(maxAge)",
			Replacement: "	return maxAge == 0 && age.Seconds() > float64(maxAge)",
			Tests:       []string{"oidcc-max-age-1"},
		},
		{
			Rule: "max_age counts from the sign-in", File: "provider/authorize/policy.go",
			Text:        "older(e.Now().Sub(s.AuthenticatedAt), *request.MaxAge)",
			Replacement: "older(e.Now().Sub(s.AuthenticatedAt)+24*time.Hour, *request.MaxAge)",
			Tests:       []string{"oidcc-max-age-10000"},
		},
		{
			Rule: "consent is remembered", File: "provider/authorize/policy.go",
			Text:        "	case !ok, client.CreatedAt.After(remembered.At):",
			Replacement: "	case !ok || client.ID != \"\":",
			Tests:       []string{"oidcc-prompt-none-logged-in"},
		},
		{
			Rule: "prompt=consent asks", File: "provider/authorize/policy.go",
			Text:        "	case slices.Contains(request.Prompts, string(PromptConsent)):",
			Replacement: `	case slices.Contains(request.Prompts, "never"):`,
			Package:     "provider/authorize", Tests: []string{"TestConsentIsRemembered"},
		},
		{
			Rule: "consent covers tokens of Directus", File: "provider/authorize/policy.go",
			Text:        `	case client.DirectusExchange != "" && !remembered.Directus:`,
			Replacement: `	case client.DirectusExchange == "never" && !remembered.Directus:`,
			Package:     "provider/authorize", Tests: []string{"TestConsentCoversDirectusTokens"},
		},
		{
			Rule: "a request belongs to its browser", File: "provider/authorize/waiting.go",
			Text:        "	if !oauth.DigestMatches(e.Sessions.Cookies.Read(r, cookieFor(request.ID)), request.BrowserDigest) {",
			Replacement: "	if len(request.BrowserDigest) == 0 {",
			Package:     "provider/authorize", Tests: []string{"TestRequestBelongsToItsBrowser"},
		},
		{
			Rule: "logo_uri on the sign-in page", File: "web/page.go",
			Text:        "		Name: client.DisplayName(), Logo: webAddress(client.LogoURI),",
			Replacement: "		Name: client.DisplayName(),",
			Tests:       []string{"oidcc-registration-logo-uri"},
		},
		{
			Rule: "policy_uri on the sign-in page", File: "web/page.go",
			Text:        "PolicyURL: webAddress(client.PolicyURI)",
			Replacement: "PolicyURL: webAddress(client.ID)",
			Tests:       []string{"oidcc-registration-policy-uri"},
		},
		{
			Rule: "tos_uri on the sign-in page", File: "web/page.go",
			Text:        "TermsURL: webAddress(client.TermsOfServiceURI)",
			Replacement: "TermsURL: webAddress(client.ID)",
			Tests:       []string{"oidcc-registration-tos-uri"},
		},
		{
			Rule: "an app is opened at its registered address", File: "provider/authorize/initiate.go",
			Text:        `url.Values{"iss": {e.Issuer}}`,
			Replacement: `url.Values{"iss": {e.Issuer}, "target_link_uri": a.parameters["target_link_uri"]}`,
			Package:     "provider/authorize", Tests: []string{"TestOpeningAnAppLeadsNowhereElse"},
		},
	}
}
