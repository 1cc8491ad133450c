package web

import (
	"encoding/base64"
	"errors"
	"net/http"
	"strings"

	"gatehouse/provider/authorize"
	"gatehouse/provider/oauth"
	"gatehouse/storage"
)

// selectAccountPage is the data of select_account.html.
type selectAccountPage struct {
	page
	App      app
	Action   string
	OtherURL string
	Accounts []choice
}

// choice is an account that the browser is signed in to.
type choice struct {
	// Value names the account in the form. It is a digest: session ids stay
	// with us.
	Value, Name, Email, Initial string
	Number                      int
}

func (s *screens) selectAccount(w http.ResponseWriter, r *http.Request) {
	interaction, ok := s.open(w, r)
	if !ok {
		return
	}
	if interaction.Next != authorize.PromptSelectAccount {
		seeOther(w, r, interaction.ResumeURL)
		return
	}
	choices, err := s.choices(r, interaction)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	frame := s.screen(w, r, s.readerOf(r, interaction))
	data := selectAccountPage{
		page: frame, App: frame.asking(interaction), Action: here(r, "", ""),
		OtherURL: s.prefix + "/login" + here(r, "other", "1"), Accounts: choices,
	}
	s.show(w, r, http.StatusOK, "select_account", data, s.endsAt(interaction))
}

// choices leaves out accounts that are gone or no longer active.
func (s *screens) choices(r *http.Request, interaction *authorize.Interaction) ([]choice, error) {
	var choices []choice
	for _, session := range interaction.Browser.Sessions {
		account, err := s.accounts.Find(r.Context(), session.Subject, s.accountAge)
		if errors.Is(err, storage.ErrNotFound) || (err == nil && !account.Active) {
			continue
		}
		if err != nil {
			return nil, err
		}
		name := fullName(account)
		choices = append(choices, choice{
			Value: choiceValue(session.ID), Name: name, Email: account.Email,
			Initial: initial(name + account.Email), Number: len(choices) + 1,
		})
	}
	return choices, nil
}

func (s *screens) selectAccountPost(w http.ResponseWriter, r *http.Request) {
	interaction, form, ok := s.submitted(w, r)
	if !ok {
		return
	}
	for _, session := range interaction.Browser.Sessions {
		if choiceValue(session.ID) != form.Get("account") {
			continue
		}
		next, err := s.interactions.Select(r.Context(), w, interaction, session.ID)
		if err != nil {
			s.refuse(w, r, err)
			return
		}
		s.forgetPassword(r, interaction)
		seeOther(w, r, next)
		return
	}
	// The account was signed out in another tab: what is left is shown again.
	seeOther(w, r, interaction.ResumeURL)
}

func choiceValue(sessionID string) string {
	return base64.RawURLEncoding.EncodeToString(oauth.Digest("choice\x00" + sessionID)[:16])
}

func fullName(account storage.Account) string {
	return strings.TrimSpace(account.FirstName + " " + account.LastName)
}
