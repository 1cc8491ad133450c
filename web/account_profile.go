package web

import "net/http"

// profilePage is the data of account.html.
type profilePage struct {
	accountPage
}

func (s *screens) profile(w http.ResponseWriter, r *http.Request) {
	who, ok := s.enter(w, r, accountPath)
	if !ok {
		return
	}
	s.showAccount(w, r, http.StatusOK, "account", profilePage{accountPage: s.accountPage(w, r, who, accountPath)})
}
