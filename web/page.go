package web

import (
	"bytes"
	"context"
	"html/template"
	"net/http"
	"net/url"
	"time"
	"unicode"

	"gatehouse/provider/authorize"
	"gatehouse/provider/event"
	"gatehouse/provider/oauth"
	"gatehouse/storage"
)

// page is what the layout needs. Every screen's data begins with one.
type page struct {
	words
	Project, Logo       string
	Style, Script, Icon string
	// OwnIcon says that the icon is ours, since the project has none.
	OwnIcon bool
	// LogoTile says that the logo is made for a tile in the project's colour, as
	// logos in Directus are.
	LogoTile bool
	// Note is the project's, for whoever signs in.
	Note template.HTML
	// SubmitScript is set where a page goes on by itself, and Refresh where it
	// does so without scripts.
	SubmitScript string
	Refresh      template.URL
	// Languages lead to the same page in another language; empty where the
	// page cannot be called again.
	Languages []languageLink
	// Links are the operator's.
	Links []link
	// Failed marks a page that shows an error.
	Failed bool
	// Wide gives the page room for a list beside it.
	Wide bool
}

// Lang and Dir are the attributes of the document.
func (p page) Lang() string { return p.tag.String() }

// ProjectInitial stands where the project has no logo.
func (p page) ProjectInitial() string { return initial(p.Project) }

// Dir is the direction of writing.
func (p page) Dir() string { return p.direction() }

// link is an address with the key of its words.
type link struct {
	Key, URL string
}

type languageLink struct {
	Lang, Name, URL string
	Current         bool
}

func footer(config Config) []link {
	var links []link
	for _, l := range []link{
		{"footer.policy", config.PolicyURL}, {"footer.terms", config.TermsURL}, {"footer.help", config.HelpURL},
	} {
		if l.URL = webAddress(l.URL); l.URL != "" {
			links = append(links, l)
		}
	}
	return links
}

// page begins the data of a screen.
func (web *Web) page(r *http.Request, reader reader) page {
	look := web.brand.look(r.Context())
	return page{
		words: web.catalogues.words(web.catalogues.choose(r, reader, look.language)), Project: look.project, Logo: look.logo,
		Style: look.style, Script: web.assets.script, Icon: look.icon, OwnIcon: look.ownIcon, LogoTile: look.logoTile, Note: look.note, Links: web.links,
	}
}

// screen is page for a screen that can be called again in another language.
func (web *Web) screen(w http.ResponseWriter, r *http.Request, reader reader) page {
	web.catalogues.keep(w, r)
	p := web.page(r, reader)
	for _, tag := range web.catalogues.tags {
		p.Languages = append(p.Languages, languageLink{
			Lang: tag.String(), Name: web.catalogues.names[tag], URL: here(r, localesParameter, tag.String()), Current: tag == p.tag,
		})
	}
	return p
}

// readerOf is whoever reads a screen of a waiting request: the language of the
// account counts where the browser is signed in.
func (s *screens) readerOf(r *http.Request, interaction *authorize.Interaction) reader {
	reader := reader{requested: interaction.Request.UILocales}
	current := interaction.Session
	if current.Subject == "" {
		current, _ = interaction.Browser.Current()
	}
	if current.Subject != "" {
		reader.account = s.glance(r.Context(), current.Subject).Language
	}
	return reader
}

// glanceTime is how long a page waits for what it can do without.
const glanceTime = 500 * time.Millisecond

// glance is what can soon be learnt of a user, or nothing: a page that is needed
// while Directus is slow or away does without rather than wait or fail for it.
func (web *Web) glance(ctx context.Context, subject string) storage.Account {
	ctx, cancel := context.WithTimeout(ctx, glanceTime)
	defer cancel()
	account, err := web.accounts.Find(ctx, subject, web.accountAge)
	if err != nil {
		return storage.Account{}
	}
	return account
}

// here is the address of the screen itself, relative to it, with the parameters
// that screens know, one of them changed.
func here(r *http.Request, parameter, value string) string {
	query := url.Values{}
	given := r.URL.Query()
	for _, known := range []string{"request", "other", "client_id", receiptParameter, localesParameter} {
		if given.Has(known) {
			query.Set(known, given.Get(known))
		}
	}
	if parameter != "" {
		query.Set(parameter, value)
	}
	return "?" + query.Encode()
}

// app is the client as people see it.
type app struct {
	Name, Logo          string
	PolicyURL, TermsURL string
	// Own says that it is no app but the project itself: there is nothing to go
	// back to.
	Own bool
}

// asking is who somebody signs in for: the app, or, for a page of ours, the
// project.
func (p page) asking(interaction *authorize.Interaction) app {
	if interaction.Request.OwnPath != "" {
		return app{Name: p.Project, Own: true}
	}
	return appOf(interaction.Client)
}

func appOf(client storage.Client) app {
	return app{
		Name: client.DisplayName(), Logo: webAddress(client.LogoURI),
		PolicyURL: webAddress(client.PolicyURI), TermsURL: webAddress(client.TermsOfServiceURI),
	}
}

// initial is the letter that stands where a picture is missing.
func initial(name string) string {
	for _, letter := range name {
		if unicode.IsLetter(letter) || unicode.IsDigit(letter) {
			return string(unicode.ToUpper(letter))
		}
	}
	return ""
}

// webAddress returns an address of http or https, and nothing else: what a
// client registered must not become a script.
func webAddress(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return ""
	}
	return address
}

// show renders a page to the end before the first byte is sent.
func (web *Web) show(w http.ResponseWriter, r *http.Request, status int, name string, data any, contentSecurityPolicy string) {
	var body bytes.Buffer
	err := web.templates.render(&body, name, data)
	if own, ok := web.templates.own[name]; ok && err != nil {
		// A mistake of the operator's template that shows with this data only.
		web.sink.Emit(r.Context(), event.Event{Name: event.InternalError, Kind: name, Reason: "the overlay's template did not render; ours is shown", Err: err})
		body.Reset()
		err = own.render(&body, data)
	}
	if err != nil {
		web.sink.Emit(r.Context(), event.Event{Name: event.InternalError, Kind: name, Reason: "page did not render", Err: err})
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = w.Write([]byte(oauth.ServerError))
		return
	}
	secure(w.Header(), contentSecurityPolicy)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes())
}
