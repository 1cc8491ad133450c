package web

import (
	"errors"
	"net/http"

	"gatehouse/storage"
)

const historyPath = "/account/history"

// historyPage is the data of account_history.html.
type historyPage struct {
	accountPage
	SignIns []storage.PastSignIn
}

func (s *screens) history(w http.ResponseWriter, r *http.Request) {
	who, ok := s.enter(w, r, historyPath)
	if !ok {
		return
	}
	data := historyPage{accountPage: s.accountPage(w, r, who, historyPath)}
	record, err := s.store.Histories.Get(r.Context(), who.session.Subject)
	switch {
	case err == nil:
		data.SignIns = recent(record.Value.SignIns, s.now())
	case !errors.Is(err, storage.ErrNotFound):
		s.broken(w, r, err)
		return
	}
	s.showAccount(w, r, http.StatusOK, "account_history", data)
}
