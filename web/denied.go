package web

import (
	"errors"
	"net/http"

	"gatehouse/provider/authorize"
	"gatehouse/storage"
)

// deniedPage is the data of denied.html.
type deniedPage struct {
	page
	App                  app
	Action               string
	Email                string
	OtherURL, AccountURL string
	HelpURL              string
}

// denied tells somebody that an app is not open to his account, and the ways on. It
// does not tell to whom it is.
func (s *screens) denied(w http.ResponseWriter, r *http.Request) {
	interaction, ok := s.open(w, r)
	if !ok {
		return
	}
	if interaction.Next != authorize.PromptDenied {
		seeOther(w, r, interaction.ResumeURL)
		return
	}
	account, err := s.accounts.Find(r.Context(), interaction.Session.Subject, s.accountAge)
	if errors.Is(err, storage.ErrNotFound) {
		seeOther(w, r, interaction.ResumeURL) // the policy asks for another sign-in
		return
	}
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	data := deniedPage{
		page: s.screen(w, r, s.readerOf(r, interaction)), App: appOf(interaction.Client), Action: here(r, "", ""),
		Email: account.Email, OtherURL: s.prefix + "/login" + here(r, "other", "1"), AccountURL: s.prefix + "/account", HelpURL: s.help,
	}
	s.show(w, r, http.StatusForbidden, "denied", data, s.endsAt(interaction))
}

// deniedPost leads back to the app, which submitted does. Whatever else is sent
// leads to what is next.
func (s *screens) deniedPost(w http.ResponseWriter, r *http.Request) {
	if interaction, _, ok := s.submitted(w, r); ok {
		seeOther(w, r, interaction.ResumeURL)
	}
}
