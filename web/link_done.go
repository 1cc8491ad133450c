package web

import "net/http"

// doneKind is what a link of a mail was good for: the notice on the sign-in page
// and the kind of the receipt, the path, and the keys of its own page.
type doneKind struct {
	notice, path, id string
	heading, words   string
}

func verifiedDone() doneKind {
	return doneKind{"verified", "/verify-email/done", "verify-continue", "done.verified.heading", "done.verified.words"}
}

func passwordDone() doneKind {
	return doneKind{"password", "/reset-password/done", "password-continue", "done.password.heading", "done.password.words"}
}

func invitationDone() doneKind {
	return doneKind{"invited", "/accept-invite/done", "invitation-continue", "done.invited.heading", "done.invited.words"}
}

// donePage is the data of link_done.html.
type donePage struct {
	page
	Heading, Words, ID string
	WayOn              wayOn
}

// finish leads on after the token of a mail was spent: to the sign-in that waits
// in this browser, else to a page that says so. Nobody is signed in: a link in a
// mail proves less than a password and a one-time password do.
func (s *screens) finish(w http.ResponseWriter, r *http.Request, e errand, kind doneKind) {
	w.Header().Set("Referrer-Policy", "no-referrer")
	if e.interaction != nil {
		s.toSignIn(w, r, e, kind.notice)
		return
	}
	s.withReceipt(w, r, e, kind.path, kind.notice, "")
}

// linkDone shows the page of a kind, to whoever comes from its form.
func (s *screens) linkDone(kind doneKind) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		e := s.errand(r)
		if _, ok := s.readReceipt(r, kind.notice); !ok {
			seeOther(w, r, s.wayOn(e).URL)
			return
		}
		data := donePage{page: s.errandPage(w, r, e), Heading: kind.heading, Words: kind.words, ID: kind.id, WayOn: s.wayOn(e)}
		s.show(w, r, http.StatusOK, "link_done", data, s.ends(e))
	}
}
