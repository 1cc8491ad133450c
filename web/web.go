package web

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"golang.org/x/text/language"

	"gatehouse/provider/authorize"
	"gatehouse/provider/event"
	"gatehouse/provider/oauth"
	"gatehouse/provider/quota"
	"gatehouse/provider/session"
	"gatehouse/storage"
)

// Interactions is what screens may do with waiting requests.
// *authorize.Interactions satisfies it and says more.
type Interactions interface {
	Open(r *http.Request) (*authorize.Interaction, error)
	StartAgain(r *http.Request) authorize.StartAgain
	SignIn(ctx context.Context, w http.ResponseWriter, interaction *authorize.Interaction, signIn session.SignIn) (storage.Session, string, error)
	Select(ctx context.Context, w http.ResponseWriter, interaction *authorize.Interaction, sessionID string) (string, error)
	Consent(ctx context.Context, interaction *authorize.Interaction, digest string) (string, error)
	Deny(w http.ResponseWriter, r *http.Request, interaction *authorize.Interaction)
}

var (
	_ authorize.Pages = (*Web)(nil)
	_ Interactions    = (*authorize.Interactions)(nil)
)

// attemptTimeout is how long an attempt may take unless configured.
const attemptTimeout = 30 * time.Second

// Throttle bounds failed sign-ins. Fields that are zero take their default.
type Throttle struct {
	// AttemptsLimit is the setting auth_login_attempts of Directus. Zero says
	// that Directus has none.
	AttemptsLimit int
	// AttemptTimeout is how long an attempt may take: 30 seconds.
	AttemptTimeout time.Duration
	// AddressFailures is how many sign-ins from one network address (or IPv6
	// /64, and ten times as many from a /48) may fail in AddressWindow: 100 in
	// 15 minutes.
	AddressFailures int
	AddressWindow   time.Duration
	// RecipientMails is how many mails of a kind one address of mail may be sent
	// in MailWindow, and NetworkMails how many mails one network may ask for: 3
	// and 30 in an hour. Networks are counted as in AddressFailures.
	RecipientMails, NetworkMails int
	MailWindow                   time.Duration
}

// Config is what the screens need.
type Config struct {
	// Issuer is where the screens are found; its path prefixes theirs.
	Issuer   string
	Accounts Accounts
	// What follows may each be nil: then its pages are not there, and nothing
	// leads to them.
	Registrar        Registrar
	Passwords        Passwords
	OneTimePasswords OneTimePasswords
	Profiles         Profiles
	Brand            Brand
	External         External
	// Away is how long the user store is left alone yet because it did not
	// answer, and zero while it does: nobody is shown a form in vain.
	Away func() time.Duration
	// ExternalCookieDomain is that of Directus's cookies
	// (REFRESH_TOKEN_COOKIE_DOMAIN), empty where they are of the host alone.
	ExternalCookieDomain string

	Store    *storage.Store
	Cookies  session.Cookies
	Handles  *oauth.Handles
	Sink     event.Sink
	Now      func() time.Time
	Throttle Throttle
	// PasswordPolicy says whether the project takes a password; nil leaves that
	// to Directus. PasswordRules says in which words.
	PasswordPolicy func(password string) bool
	PasswordRules  PasswordRules
	// EmailFilter says whether an address may register; nil leaves that to
	// Directus.
	EmailFilter func(email string) bool
	// SlowRules says that one of the two may take long about a text that was
	// made for it: then a network may have it judged so often only.
	SlowRules bool
	Pace      Pace
	// AccountAge is how old names on the account chooser may be: a minute
	// when zero.
	AccountAge time.Duration
	Theme      Theme
	// Overlay is a folder with templates/*.html, static/custom.css and
	// locales/*.json of the operator's. It may be nil.
	Overlay fs.FS
	// DefaultLanguage is used where neither person nor app prefers one that
	// there is. Empty is the project's, or else English.
	DefaultLanguage string
	// Scopes are descriptions of scopes that are not standard ones, by their names.
	Scopes map[string]string
	// PolicyURL, TermsURL and HelpURL are the operator's; each may be empty.
	PolicyURL, TermsURL, HelpURL string
}

// Web shows the screens. It is safe for concurrent use.
type Web struct {
	accounts   Accounts
	profiles   Profiles
	registrar  Registrar
	passwords  Passwords
	userStore  func() time.Duration
	store      *storage.Store
	sink       event.Sink
	now        func() time.Time
	cookies    session.Cookies
	limiter    *Limiter
	addresses  *addresses
	devices    *devices
	mailings   *mailings
	pictures   quota.Counter
	handles    *oauth.Handles
	pace       Pace
	catalogues *catalogues
	assets     *assets
	brand      *brand
	templates  templates
	protection *http.CrossOriginProtection

	// oneTimePasswords is nil where nobody can set one up.
	oneTimePasswords OneTimePasswords
	// external is nil where nobody can sign in elsewhere.
	external             External
	externalCookieDomain string

	passwordPolicy func(password string) bool
	passwordRules  PasswordRules
	emailFilter    func(email string) bool
	slowRules      bool

	issuer         string
	prefix         string
	links          []link
	lookSources    []string
	help           string
	accountAge     time.Duration
	scopeWords     map[string]string
	attemptTimeout time.Duration
}

// New checks the configuration, and reads templates, catalogues and styles.
func New(config Config) (*Web, error) {
	if config.Accounts == nil || config.Store == nil || config.Handles == nil || config.Sink == nil || config.Now == nil {
		return nil, errors.New("web: accounts, store, handles, sink and clock are needed")
	}
	issuer, err := url.Parse(config.Issuer)
	if err != nil || issuer.Host == "" {
		return nil, errors.New("web: the issuer must be an address")
	}
	web := &Web{
		accounts: config.Accounts, registrar: config.Registrar, passwords: config.Passwords, profiles: config.Profiles,
		passwordPolicy: config.PasswordPolicy, passwordRules: config.PasswordRules,
		emailFilter: config.EmailFilter, slowRules: config.SlowRules,
		handles: config.Handles, pace: config.Pace.withDefaults(), issuer: config.Issuer,
		store: config.Store, sink: config.Sink, now: config.Now, cookies: config.Cookies,
		prefix: strings.TrimSuffix(issuer.EscapedPath(), "/"), help: webAddress(config.HelpURL),
		accountAge: orDefault(config.AccountAge, time.Minute), scopeWords: config.Scopes,
		devices: &devices{cookies: config.Cookies, handles: config.Handles, now: config.Now},
	}
	web.oneTimePasswords, web.userStore = config.OneTimePasswords, config.Away
	web.external, web.externalCookieDomain = config.External, config.ExternalCookieDomain
	web.links = footer(config)
	web.lookSources = lookSources(config)
	if err := web.throttle(config); err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	over, err := readOverlay(config.Overlay)
	if err != nil {
		return nil, fmt.Errorf("web: overlay: %w", err)
	}
	if web.catalogues, err = newCatalogues(config.DefaultLanguage, config.Cookies, over.catalogues); err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	if web.assets, err = newAssets(web.prefix, over.css); err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	if web.brand, err = newBrand(config, web.assets, issuer.Host); err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	if web.templates, err = parseTemplates(over.templates, web.catalogues.source); err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	web.protection = http.NewCrossOriginProtection()
	// Behind a proxy the Host header need not be the issuer's.
	if err := web.protection.AddTrustedOrigin(issuer.Scheme + "://" + issuer.Host); err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	web.protection.SetDenyHandler(http.HandlerFunc(web.crossOrigin))
	return web, nil
}

func (web *Web) throttle(config Config) error {
	t := config.Throttle
	if t.AddressFailures < 0 || t.AddressWindow < 0 || t.RecipientMails < 0 || t.NetworkMails < 0 || t.MailWindow < 0 {
		return errors.New("throttle limits are not negative")
	}
	var err error
	web.limiter, err = NewLimiter(LimiterConfig{
		Attempts: config.Store.Attempts, DirectusLimit: t.AttemptsLimit, AttemptTimeout: t.AttemptTimeout, Now: config.Now,
	})
	if err != nil {
		return err
	}
	web.attemptTimeout = orDefault(t.AttemptTimeout, attemptTimeout)
	web.addresses = &addresses{
		counter: quota.Counter{Table: config.Store.Addresses, Now: config.Now, Window: orDefault(t.AddressWindow, 15*time.Minute)},
		limit:   orDefault(t.AddressFailures, 100),
	}
	web.mailings = &mailings{
		counter:   quota.Counter{Table: config.Store.Mailings, Now: config.Now, Window: orDefault(t.MailWindow, time.Hour)},
		toAddress: orDefault(t.RecipientMails, 3), fromHere: orDefault(t.NetworkMails, 30),
	}
	web.pictures = quota.Counter{Table: config.Store.Mailings, Now: config.Now, Window: time.Hour}
	return nil
}

// Languages are those that there is a catalogue of.
func (web *Web) Languages() []language.Tag { return slices.Clone(web.catalogues.tags) }

// Limiter counts the failed sign-ins of accounts.
func (web *Web) Limiter() *Limiter { return web.limiter }

// screens are the pages of waiting requests and of a person's own account.
type screens struct {
	*Web
	interactions Interactions
	desk         Desk
}

// Routes mounts the screens on a router that stands for the issuer's path.
func (web *Web) Routes(r chi.Router, interactions Interactions, desk Desk) {
	s := &screens{Web: web, interactions: interactions, desk: desk}
	r.NotFound(web.NotFound)
	r.Get("/static/*", web.assets.serve)
	for _, kind := range []string{"logo", "favicon", "background", "foreground"} {
		r.Get("/brand/"+kind, web.brand.serve(kind))
	}
	r.Group(func(r chi.Router) {
		r.Use(web.protection.Handler)
		for _, screen := range []struct {
			path      string
			get, post http.HandlerFunc
		}{
			{"/login", s.login, s.loginPost},
			{"/login/otp", s.otp, s.otpPost},
			{"/login/enrol", s.enrol, s.enrolPost},
			{"/select-account", s.selectAccount, s.selectAccountPost},
			{"/consent", s.consent, s.consentPost},
			{"/denied", s.denied, s.deniedPost},
		} {
			r.HandleFunc(screen.path, web.methodNotAllowed) // but for:
			r.Get(screen.path, screen.get)
			r.Post(screen.path, screen.post)
		}
		if web.external != nil {
			r.Get(externalReturn, s.arrive)
			r.Post(externalPath+"{provider}", s.depart)
		}
		if desk != nil {
			s.accountRoutes(r)
		}
	})
	if desk != nil {
		s.mailRoutes(r)
	}
}

// open returns the interaction of a request, or shows why there is none.
func (s *screens) open(w http.ResponseWriter, r *http.Request) (*authorize.Interaction, bool) {
	interaction, err := s.interactions.Open(r)
	if err != nil {
		s.refuse(w, r, err)
		return nil, false
	}
	return interaction, true
}

// submitted opens the request of a form and reads its fields. If something is
// wrong it shows what, and if the person would rather not go on it says so to the
// app; then there is nothing more to do.
func (s *screens) submitted(w http.ResponseWriter, r *http.Request) (*authorize.Interaction, url.Values, bool) {
	interaction, ok := s.open(w, r)
	if !ok {
		return nil, nil, false
	}
	form, err := oauth.ReadBody(w, r)
	if err != nil {
		s.Error(w, r, oauth.AsError(err), s.interactions.StartAgain(r))
		return nil, nil, false
	}
	if form.Get("action") == "deny" {
		s.deny(w, r, interaction)
		return nil, nil, false
	}
	return interaction, form, true
}

// refuse shows an error of Interactions.
func (s *screens) refuse(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case errors.Is(err, authorize.ErrExpired):
		s.showError(w, r, http.StatusGone, errorKind{name: "expired", code: "request_expired"}, s.interactions.StartAgain(r))
	case errors.Is(err, authorize.ErrOtherBrowser):
		s.showError(w, r, http.StatusForbidden, errorKind{name: "other_browser", code: "other_browser"}, s.interactions.StartAgain(r))
	case errors.Is(err, storage.ErrUnavailable):
		s.unavailable(w, r)
	default:
		s.broken(w, r, err)
	}
}

// to leads to another screen of the same request.
func (s *screens) to(w http.ResponseWriter, r *http.Request, interaction *authorize.Interaction, path, parameter, value string) {
	query := url.Values{"request": {interaction.Handle}}
	if parameter != "" {
		query.Set(parameter, value)
	}
	seeOther(w, r, s.prefix+path+"?"+query.Encode())
}

// seeOther answers a form with an address to get (RFC 9110, section 15.4.4), so
// that going back or reloading repeats nothing.
func seeOther(w http.ResponseWriter, r *http.Request, address string) {
	w.Header().Set("Cache-Control", "no-store")
	if w.Header().Get("Referrer-Policy") == "" {
		w.Header().Set("Referrer-Policy", "same-origin")
	}
	http.Redirect(w, r, address, http.StatusSeeOther) //nolint:gosec // a screen of ours, or what Interactions names
}

func orDefault[T int | time.Duration](value, standard T) T {
	if value == 0 {
		return standard
	}
	return value
}
