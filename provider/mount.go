package provider

import (
	"net/http"

	"github.com/go-chi/chi/v5"

	"gatehouse/provider/checksession"
	"gatehouse/provider/registration"
)

// Handler serves the provider, and below the issuer's path whatever screens
// mounts.
func (p *Provider) Handler(screens func(chi.Router)) http.Handler {
	root := chi.NewRouter()
	root.Use(noSniff)
	// RFC 8414, section 3.1 puts the well-known part before the issuer's path.
	root.With(anyOrigin(http.MethodGet)).Handle("/.well-known/oauth-authorization-server"+p.base, getOnly(p.discovery))
	if p.base == "" {
		p.mount(root, screens)
		return root
	}
	root.Route(p.base, func(router chi.Router) { p.mount(router, screens) })
	return root
}

func (p *Provider) mount(router chi.Router, screens func(chi.Router)) {
	where := paths()
	// These are asked by scripts of any origin, which bring tokens but no
	// cookies. Everything else is for browsers or servers and answers no
	// cross-origin script.
	for _, open := range []struct {
		path    string
		handler http.Handler
		methods []string
	}{
		{"/.well-known/openid-configuration", getOnly(p.discovery), []string{http.MethodGet}},
		{where.JWKS, getOnly(p.jwks), []string{http.MethodGet}},
		{where.Token, p.grant, []string{http.MethodPost}},
		{where.UserInfo, p.userinfo, []string{http.MethodGet, http.MethodPost}},
		{where.Revocation, p.revocation, []string{http.MethodPost}},
	} {
		router.With(anyOrigin(open.methods...)).Handle(open.path, open.handler)
	}
	router.Handle(where.Introspection, p.introspection)
	p.mountRegistration(router, where.Registration)
	p.events.Mount(router)
	p.authorize.Mount(router)
	p.logout.Mount(router)
	if p.pictures != nil {
		p.pictures.Mount(router)
	}
	if p.sessions.StateShown {
		checksession.Page{Cookie: p.sessions.StateCookie()}.Mount(router)
	}
	if screens != nil {
		screens(router)
	}
}

// mountRegistration: where anybody may register a client, so may a script of any
// origin.
func (p *Provider) mountRegistration(router chi.Router, path string) {
	if !p.registration.On() {
		return
	}
	if p.registration.Mode == registration.Open {
		router = router.With(anyOrigin(http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete))
	}
	router.HandleFunc(path, p.registration.Register)
	router.HandleFunc(path+"/{client_id}", p.registration.Manage)
}
