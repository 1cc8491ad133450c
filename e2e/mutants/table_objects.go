package main

// objects are the rules of request objects.
func objects() []Mutant {
	return []Mutant{
		{
			Rule: "request object signature", File: "provider/authorize/object.go",
			Text:        "	if err := e.Signatures.Verify(ctx, client, token); err != nil {",
			Replacement: "	if err := e.Signatures.Verify(ctx, client, token); err != nil && ctx.Err() != nil {",
			Package:     "provider/authorize", Tests: []string{"TestRequestObjectsThatAreRefused"},
		},
		{
			Rule: "request object not ignored", File: "provider/authorize/object.go",
			Text:        `	case value == "" && reference == "":`,
			Replacement: `	case value == "" || reference == "":`,
			Tests: []string{
				"oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported",
				"oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported",
			},
		},
		{
			Rule: "request object wins", File: "provider/authorize/object.go",
			Text:        "	maps.Copy(merged, inside)",
			Replacement: "	maps.Copy(inside, merged)\n	merged = inside",
			Package:     "provider/authorize", Tests: []string{"TestRequestObjectIsLaidOverTheRest", "TestRequestObjectWithRedirectURI"},
		},
		{
			Rule: "request_uri registered", File: "provider/authorize/object_uri.go",
			Text:        "	case !slices.Contains(client.RequestURIs, reference):",
			Replacement: "	case !slices.Contains(client.RequestURIs, reference) && reference == \"\":",
			Package:     "provider/authorize", Tests: []string{"TestRequestURIThatIsNotRegisteredIsNotFetched"},
		},
		{
			Rule: "request_uri without its fragment", File: "provider/authorize/object_uri.go",
			Text:        `	address, fragment, _ := strings.Cut(reference, "#")`,
			Replacement: `	address, fragment, _ := strings.Cut(strings.Replace(reference, "#", "%23", 1), "#")`,
			Tests:       []string{"oidcc-request-uri-signed-rs256"},
		},
		{
			Rule: "aud of request objects", File: "provider/authorize/object_members.go",
			Text:        "	case addressed && !slices.Contains(statement.Audience, e.Issuer):",
			Replacement: "	case addressed && len(statement.Audience) == 0 && !slices.Contains(statement.Audience, e.Issuer):",
			Package:     "provider/authorize", Tests: []string{"TestRequestObjectsThatAreRefused"},
		},
	}
}
