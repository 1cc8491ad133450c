package main

// keysAndClients are the rules of our keys and of those of clients.
func keysAndClients() []Mutant {
	return []Mutant{
		{
			Rule: "kid in the header", File: "keys/sign.go",
			Text:        "	}{string(s.algorithm), s.id, typ})",
			Replacement: `	}{string(s.algorithm), "", typ})`,
			Tests:       []string{"oidcc-idtoken-signature", "oidcc-server"},
		},
		{
			Rule: "no private parts in the key set", File: "keys/sign.go",
			Text:        "Key: private.Public(), KeyID: key.ID,",
			Replacement: "Key: private, KeyID: key.ID,",
			Tests:       []string{"oidcc-server"},
		},
		{
			Rule: "ID token signature", File: "keys/sign.go",
			Text:        "	signature, err := s.signature(random, token)",
			Replacement: "	signature, err := s.signature(random, token[1:])",
			Tests:       []string{"oidcc-idtoken-signature", "oidcc-server"},
		},
		{
			Rule: "old key still published", File: "keys/snapshot.go",
			Text:        "		set.Keys = append(set.Keys, s.byID[key.ID].public)",
			Replacement: "		if key.State == storage.KeyRetired {\n			continue\n		}\n		set.Keys = append(set.Keys, s.byID[key.ID].public)",
			Tests:       []string{"oidcc-server-rotate-keys"},
		},
		{
			Rule: "kind of token", File: "keys/verify.go",
			Text:        `	if got, _ := header.ExtraHeaders[jose.HeaderType].(string); got != typ {`,
			Replacement: `	if got, _ := header.ExtraHeaders[jose.HeaderType].(string); got == "" {`,
			Package:     "keys", Tests: []string{"TestVerifyRefuses"},
		},
		{
			Rule: "hint signature", File: "keys/verify.go",
			Text:        "	payload, err := jws.Verify(key.public.Key)\n	if err != nil {",
			Replacement: "	payload, err := jws.Verify(key.public.Key)\n	if err != nil {\n		payload, err = jws.UnsafePayloadWithoutVerification(), nil\n	}\n	if err != nil {",
			Tests:       []string{"oidcc-rp-initiated-logout-bad-id-token-hint"},
		},
		{
			Rule: "assertion aud", File: "provider/clientauth/assertion.go",
			Text:        "	if !slices.ContainsFunc(a.claims.Audience, func(audience string) bool {",
			Replacement: "	if names == \"\" && !slices.ContainsFunc(a.claims.Audience, func(audience string) bool {",
			Package:     "provider/clientauth", Tests: []string{"TestAssertionRefusedByClaims"},
		},
		{
			Rule: "assertion aud may be the issuer", File: "provider/clientauth/assertion.go",
			Text:        "	accepted, names := []string{by.config.Issuer}, ",
			Replacement: "	accepted, names := []string{by.config.Issuer}[1:], ",
			Tests:       []string{"oidcc-ensure-client-assertion-with-iss-aud-succeeds"},
		},
		{
			Rule: "assertion aud as one string by profile", File: "provider/clientauth/assertion.go",
			Text:        "	if !profile.AssertionAudienceList && ",
			Replacement: "	if profile.AssertionAudienceList && names == \"\" && ",
			Package:     "provider/clientauth", Tests: []string{"TestAudienceByProfile"},
		},
		{
			Rule: "assertion expires", File: "provider/clientauth/assertion.go",
			Text:        "	case !now.Before(claims.Expiry.Time().Add(clockSkew)):",
			Replacement: "	case claims.Expiry.Time().IsZero():",
			Package:     "provider/clientauth", Tests: []string{"TestAssertionRefusedByClaims"},
		},
		{
			Rule: "jti once", File: "provider/clientauth/assertion.go",
			Text:        "	if errors.Is(err, storage.ErrExists) {",
			Replacement: "	if errors.Is(err, storage.ErrExists) && ttl < 0 {",
			Package:     "provider/clientauth", Tests: []string{"TestAssertionReplay"},
		},
		{
			Rule: "assertion signature", File: "provider/clientkeys/keyset.go",
			Text:        "		if token.Claims(key.Key) == nil {",
			Replacement: `		if token.Claims(key.Key) == nil || header.KeyID != "" {`,
			Package:     "provider/clientauth", Tests: []string{"TestAssertionRefusedBySignature"},
		},
		{
			Rule: "jwks refetch", File: "provider/clientkeys/keys.go",
			Text:        "	newer, err := k.remote.refresh(ctx, client.JWKSURI)",
			Replacement: "	newer, err := set, failure",
			Tests:       []string{"oidcc-refresh-token-rp-key-rotation"},
		},
		{
			Rule: "refetch under a rate limit", File: "provider/clientkeys/remote.go",
			Text:        "k.now().Sub(entry.triedAt) < minRefetch {",
			Replacement: "k.now().Sub(entry.triedAt) < 0 {",
			Package:     "provider/clientkeys", Tests: []string{"TestRemoteKeysAreNotFetchedAtStrangersWill"},
		},
		{
			Rule: "pairwise differs", File: "provider/claims/subject.go",
			Text:        "clients.Sector(client) + ",
			Replacement: "clients.Sector(client)[:0] + ",
			Package:     "provider/claims", Tests: []string{"TestPairwiseSubjects"},
		},
		{
			Rule: "pairwise subjects", File: "provider/claims/subject.go",
			Text:        `	if !client.Pairwise() || userID == "" {`,
			Replacement: `	if !client.Pairwise() || userID != "" {`,
			Tests:       []string{"oidcc-registration-sector-uri"},
		},
	}
}
