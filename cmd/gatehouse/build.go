package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/go-chi/chi/v5"

	"gatehouse/cmd/gatehouse/addresses"
	"gatehouse/cmd/gatehouse/config"
	"gatehouse/cmd/gatehouse/passwords"
	"gatehouse/keys"
	"gatehouse/provider"
	"gatehouse/provider/claims"
	"gatehouse/provider/clients"
	"gatehouse/provider/event"
	"gatehouse/provider/fetch"
	"gatehouse/provider/oauth"
	"gatehouse/provider/picture"
	"gatehouse/provider/session"
	"gatehouse/storage"
	"gatehouse/storage/directus"
	"gatehouse/web"
)

// parts are what serve runs.
type parts struct {
	store    *storage.Store
	ring     *keys.Ring
	directus *directus.Client
	// paths are the fields that claims are made of.
	paths []claims.Path
	// collection is nil unless clients stand in Directus.
	collection *clients.Collection
	// sessions keeps token pairs of Directus; nil where no client may have any.
	sessions *directus.Sessions
	provider *provider.Provider
	handler  http.Handler
}

// build puts the provider together. It speaks to the store, not to Directus.
func (a *app) build(ctx context.Context, settings *config.Loaded, backend storage.Backend, logger *slog.Logger) (*parts, error) {
	sealing, err := a.sealingKeys(settings)
	if err != nil {
		return nil, err
	}
	p := &parts{}
	if p.store, err = a.newStore(backend, sealing); err != nil {
		return nil, err
	}
	sink := audit{logger: logger}
	if p.ring, err = a.openRing(ctx, settings, p.store, sink, logger); err != nil {
		return nil, err
	}
	handles, err := oauth.NewHandles(a.random, sealing...)
	if err != nil {
		return nil, err
	}
	claimMap := settings.ClaimMap()
	claimMap.Logger = logger
	var pictures *picture.Endpoint
	if settings.Directus.Pictures == config.PicturesOn {
		links, err := picture.NewLinks(settings.Issuer, a.now, sealing...)
		if err != nil {
			return nil, err
		}
		pictures, claimMap.Picture = &picture.Endpoint{Links: links, Sink: sink}, links.URL
	}
	releaser, err := claims.New(claimMap)
	if err != nil {
		return nil, err
	}
	p.paths = releaser.Paths()
	if p.directus, err = a.newDirectus(ctx, settings, releaser.Fields(), sink, logger); err != nil {
		return nil, err
	}
	if pictures != nil {
		pictures.Source = p.directus
	}
	if p.sessions, err = newSessions(settings, p); err != nil {
		return nil, err
	}
	source, err := a.newClients(ctx, settings, p, logger)
	if err != nil {
		return nil, err
	}
	screens, err := a.newWeb(settings, p, handles, sink, logger)
	if err != nil {
		return nil, err
	}
	outbound, err := newFetcher(settings)
	if err != nil {
		return nil, err
	}
	issuer, err := provider.New(provider.Config{
		Upstream: upstreamOf(settings, p.sessions),
		Issuer:   settings.Issuer, Store: p.store, Keys: p.ring, Handles: handles, Clients: source,
		Directory: p.directus, Claims: releaser.WithAccess(p.directus, settings.Directus.Staleness),
		Fetcher: outbound,
		Pages:   screens, LogoutPages: screens.LogoutPages(),
		Tokens: tokenLifetimes(settings), Sessions: sessionLifetimes(settings),
		Pictures:           pictures,
		SessionManagement:  settings.SessionManagement,
		PairwiseSecret:     []byte(settings.PairwiseSecret.Reveal()),
		ClientRegistration: settings.ClientRegistration.Settings(),
		RequestLifetime:    settings.Tokens.RequestLifetime, Staleness: settings.Directus.Staleness,
		Users:        userSettings(settings),
		Registration: settings.Registration.Mode != config.RegistrationOff, ExternalSignIn: settings.Directus.ExternalSignIn,
		UILocales: screens.Languages(), PolicyURI: settings.PolicyURI, TermsURI: settings.TermsOfServiceURI,
		Now: a.now, Random: a.random, Sink: sink,
	})
	if err != nil {
		return nil, err
	}
	p.provider = issuer
	p.handler = issuer.Handler(func(router chi.Router) { screens.Routes(router, issuer.Interactions(), issuer.Desk()) })
	return p, nil
}

func (a *app) openRing(ctx context.Context, settings *config.Loaded, store *storage.Store, sink event.Sink, logger *slog.Logger) (*keys.Ring, error) {
	ring := a.keyConfig(settings, store)
	ring.Logger = logger
	ring.Changed = func(ctx context.Context, change keys.Change) {
		sink.Emit(ctx, event.Event{Name: event.SigningKeyRotated, Kind: string(change.Step), Reason: change.Algorithm + " " + change.KeyID})
	}
	return keys.Open(ctx, ring)
}

// newFetcher returns the one way out to addresses that clients name.
func newFetcher(settings *config.Loaded) (*fetch.Fetcher, error) {
	authorities, err := settings.Outbound.Authorities()
	if err != nil {
		return nil, fmt.Errorf("outbound.ca_file: %w", err)
	}
	return fetch.New(fetch.Config{
		AllowLoopback: settings.LoopbackIssuer(), Allow: settings.Outbound.Allow, RootCAs: authorities,
	}), nil
}

// newDirectus returns the client; what happens to Directus later is told under the
// values of ctx.
func (a *app) newDirectus(ctx context.Context, settings *config.Loaded, fields []string, sink event.Sink, logger *slog.Logger) (*directus.Client, error) {
	return directus.New(directus.Config{
		BaseURL: settings.Directus.URL, ServiceToken: settings.Directus.Token, WriteToken: settings.Directus.WriteToken,
		PublicURL:       settings.Directus.PublicURL,
		RegisterByToken: settings.Registration.Mode == config.RegistrationByToken, RegistrationRole: settings.Registration.Role,
		Timeout:       settings.Directus.Timeout,
		MaxConcurrent: settings.Directus.MaxConcurrent, Fields: fields, ForwardClientAddress: settings.Directus.ForwardClientAddress,
		BreakerFailures: settings.Directus.BreakerFailures, BreakerPause: settings.Directus.BreakerPause,
		Changed: func(away bool) {
			name := event.DirectusBack
			if away {
				name = event.DirectusAway
			}
			sink.Emit(context.WithoutCancel(ctx), event.Event{Name: name})
		},
		ClientsCollection: settings.ClientsCollection,
		Now:               a.now, Random: a.random, Logger: logger,
	})
}

// newWriter speaks to Directus with the token that may write, to find out what it
// may.
func (a *app) newWriter(settings *config.Loaded, logger *slog.Logger) (*directus.Client, error) {
	return directus.New(directus.Config{
		BaseURL: settings.Directus.URL, ServiceToken: settings.Directus.WriteToken, Timeout: settings.Directus.Timeout,
		Now: a.now, Random: a.random, Logger: logger,
	})
}

func (a *app) newWeb(settings *config.Loaded, p *parts, handles *oauth.Handles, sink event.Sink, logger *slog.Logger) (*web.Web, error) {
	people := accounts{Client: p.directus, sessions: p.sessions, logger: logger}
	policy, err := passwords.Parse(settings.Directus.PasswordPolicy)
	if err != nil {
		return nil, fmt.Errorf("directus.password_policy: %w", err)
	}
	filter, err := addresses.Parse(settings.Directus.EmailFilter)
	if err != nil {
		return nil, fmt.Errorf("directus.email_filter: %w", err)
	}
	screens := web.Config{
		Issuer: settings.Issuer, Accounts: people, Passwords: people, OneTimePasswords: people, Profiles: people, Brand: people, Away: p.directus.Away, Store: p.store,
		Cookies: session.NewCookies(settings.Issuer), Handles: handles, Sink: sink, Now: a.now,
		Throttle: web.Throttle{
			AttemptsLimit: settings.Directus.AttemptsLimit,
			// Signing in asks Directus up to four times.
			AttemptTimeout:  4*settings.Directus.Timeout + 5*time.Second,
			AddressFailures: settings.Throttle.Addresses, AddressWindow: settings.Throttle.AddressWindow,
			RecipientMails: settings.Throttle.RecipientMails, NetworkMails: settings.Throttle.NetworkMails, MailWindow: settings.Throttle.MailWindow,
		},
		PasswordPolicy: policy.Accepts, PasswordRules: passwordRules(settings.Directus.PasswordPolicy),
		EmailFilter: filter.Accepts,
		SlowRules:   filter.Slow() || passwordRules(settings.Directus.PasswordPolicy) == web.OwnPasswordRules,
		AccountAge:  settings.Directus.Staleness, Scopes: settings.Scopes,
		Theme: web.Theme{
			ProjectName: settings.Theme.ProjectName, LogoURL: settings.Theme.LogoURI,
			FaviconURL: settings.Theme.FaviconURI, BackgroundURL: settings.Theme.BackgroundURI, Note: settings.Theme.Note,
			PrimaryColor: settings.Theme.PrimaryColor, Appearance: web.Appearance(settings.Theme.Appearance),
		},
		DefaultLanguage: settings.DefaultLanguage,
		PolicyURL:       settings.PolicyURI, TermsURL: settings.TermsOfServiceURI, HelpURL: settings.HelpURI,
	}
	if settings.Registration.Mode != config.RegistrationOff {
		screens.Registrar = people
	}
	if settings.Theme.Overlay != "" {
		screens.Overlay = os.DirFS(settings.Theme.Overlay)
	}
	if settings.Directus.ExternalSignIn {
		screens.External, screens.ExternalCookieDomain = people, settings.Directus.CookieDomain
	}
	return web.New(screens)
}

// passwordRules names a policy for the pages, which say what it asks for.
func passwordRules(policy string) web.PasswordRules {
	switch passwords.Name(policy) {
	case passwords.None:
		return web.NoPasswordRules
	case passwords.Weak:
		return web.WeakPasswordRules
	case passwords.Strong:
		return web.StrongPasswordRules
	}
	return web.OwnPasswordRules
}
