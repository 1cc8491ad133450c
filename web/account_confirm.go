package web

import "net/http"

// confirmation asks before something that is not easily undone. Heading, Words
// and Submit are keys.
type confirmation struct {
	Heading, Words, Submit string
	// ID is that of the button.
	ID string
	// App is whom it is about, if it is about an app.
	App app
}

// confirmPage is the data of account_confirm.html.
type confirmPage struct {
	accountPage
	confirmation
	CancelURL string
}

// confirm asks. Its form leads to the page itself; section is that which the
// page belongs to, and where cancelling leads.
func (s *screens) confirm(w http.ResponseWriter, r *http.Request, who visitor, section string, asked confirmation) {
	data := confirmPage{accountPage: s.accountPage(w, r, who, section), confirmation: asked, CancelURL: s.prefix + section}
	s.showAccount(w, r, http.StatusOK, "account_confirm", data, asked.App.Logo)
}
