package session

// The authentication contexts (acr) of sign-ins by password, by password and
// one-time password, and at an external provider.
const (
	ACRPassword = "urn:gatehouse:acr:password"
	ACROTP      = "urn:gatehouse:acr:otp"
	// ACRExternal comes without methods (amr): how the person was authenticated
	// there, we do not learn.
	ACRExternal = "urn:gatehouse:acr:external"
)

// ACRValues lists the contexts that there can be, for discovery.
func ACRValues(external bool) []string {
	values := []string{ACRPassword, ACROTP}
	if external {
		values = append(values, ACRExternal)
	}
	return values
}

// AMRPassword are the methods (RFC 8176, section 2) of a sign-in by password.
func AMRPassword() []string { return []string{"pwd"} }

// AMROTP are the methods of a sign-in by password and one-time password.
func AMROTP() []string { return []string{"pwd", "otp", "mfa"} }
