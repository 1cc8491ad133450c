package web

import (
	"net/http"

	"gatehouse/provider/authorize"
)

// loginNotice is the key of what a person who comes from another page of ours has
// just done.
func loginNotice(r *http.Request) string {
	switch r.URL.Query().Get("notice") {
	case "registered":
		return "login.notice.registered"
	case "verified":
		return "login.notice.verified"
	case "password":
		return "login.notice.password"
	case "invited":
		return "login.notice.invited"
	}
	return ""
}

// offer adds the ways that lead from the sign-in page elsewhere. The page does
// without where Directus cannot be asked which of them there are.
func (s *screens) offer(r *http.Request, interaction *authorize.Interaction, data *loginPage) {
	e := errand{interaction: interaction, handle: interaction.Handle}
	data.External = s.externalLinks(r)
	if s.passwords != nil {
		data.ForgotURL = s.link(e, "/reset-password")
	}
	open, verifies, err := s.registration(r.Context())
	if err != nil || !open {
		return
	}
	// Whoever is signed in would be sent on from there.
	if _, signedIn := interaction.Browser.Current(); !signedIn {
		data.RegisterURL = s.link(e, "/register")
	}
	// Directus says the same of a wrong password and of an address that waits to
	// be verified; so does the page.
	if verifies && data.Problem == "login.problem.refused" {
		data.ResendURL = s.link(e, "/verify-email/resend")
	}
}
