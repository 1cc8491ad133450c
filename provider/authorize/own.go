package authorize

// OwnRequest is a request that no client made: a sign-in that leads to a page of
// ours.
type OwnRequest struct {
	// Path is the page, below the issuer, such as /account.
	Path string
	// Subject is who has to sign in, empty for anybody.
	Subject string
	// Fresh asks for a sign-in even if there is a session.
	Fresh bool
	// SelectAccount lets the person choose among the accounts of the browser.
	SelectAccount bool
}
