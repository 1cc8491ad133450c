package web

import (
	"net/http"

	"github.com/go-chi/chi/v5"
)

// route is a screen that is called and sent by one path. Without a form there is
// no post, and no get for a form on another page.
type route struct {
	path      string
	get, post http.HandlerFunc
}

func (web *Web) mount(r chi.Router, routes ...route) {
	for _, screen := range routes {
		r.HandleFunc(screen.path, web.methodNotAllowed) // but for:
		if screen.get != nil {
			r.Get(screen.path, screen.get)
		}
		if screen.post != nil {
			r.Post(screen.path, screen.post)
		}
	}
}

// mailRoutes mounts the screens that have to do with mails, where Directus can be
// asked for them.
func (s *screens) mailRoutes(r chi.Router) {
	if s.registrar != nil {
		r.Group(func(r chi.Router) {
			r.Use(s.protection.Handler)
			s.mount(r,
				route{"/register", s.register, s.registerPost},
				route{"/register/done", s.registerDone, nil},
				route{"/verify-email/resend", s.resend, s.resendPost},
				route{"/verify-email/done", s.linkDone(verifiedDone()), nil},
			)
		})
		s.mount(r.With(s.tokenForms), route{"/verify-email", s.verify, s.verifyPost})
	}
	if s.passwords != nil {
		r.Group(func(r chi.Router) {
			r.Use(s.protection.Handler)
			s.mount(r,
				route{"/reset-password", s.reset, s.resetPost},
				route{"/reset-password/sent", s.resetSent, nil},
				route{"/reset-password/done", s.linkDone(passwordDone()), nil},
				route{"/accept-invite/done", s.linkDone(invitationDone()), nil},
			)
		})
		s.mount(r.With(s.tokenForms),
			route{"/reset-password/new", s.newPassword(resetPassword()), s.newPasswordPost(resetPassword())},
			route{"/accept-invite", s.newPassword(acceptInvitation()), s.newPasswordPost(acceptInvitation())},
		)
	}
}
