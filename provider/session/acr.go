package session

// The authentication contexts (acr) of sign-ins by password, and by password
// and one-time password.
const (
	ACRPassword = "urn:gatehouse:acr:password"
	ACROTP      = "urn:gatehouse:acr:otp"
)

// AMRPassword are the methods (RFC 8176, section 2) of a sign-in by password.
func AMRPassword() []string { return []string{"pwd"} }

// AMROTP are the methods of a sign-in by password and one-time password.
func AMROTP() []string { return []string{"pwd", "otp", "mfa"} }
