package world

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sync/errgroup"

	"gatehouse/e2e/mailbox"
	"gatehouse/e2e/stack"
)

// The stores that Gatehouse can keep its records in.
const (
	Bolt  = "bolt"
	Redis = "redis"
)

// Options are all optional.
type Options struct {
	Store string // Bolt (the default) or Redis
	// Directus is its version; the current one when empty.
	Directus string
	// Writes gives Gatehouse a token that may write users, so that people
	// change their profile and password here.
	Writes bool
	// Own gives all customers the right to change their own row, and lets
	// people sign in with another provider, which takes Directus 11 or a
	// licence.
	Own bool
}

// World is what runs, as the specs are told.
type World struct {
	Store    string   `json:"store"`
	Writes   bool     `json:"writes"`
	Own      bool     `json:"own"`
	Issuer   string   `json:"issuer"`
	Project  string   `json:"project"`
	Directus Directus `json:"directus"`
	Mail     string   `json:"mail"` // address of the mailbox
	Shop     App      `json:"shop"`
	Club     App      `json:"club"`
	// Native is a public client for a relying party of the specs' own, on any
	// port of 127.0.0.1.
	Native NativeApp `json:"native"`
	// Editors is as Native, and open to those alone whose title is Editor.
	Editors NativeApp `json:"editors"`
	Portal  Portal    `json:"portal"`
	People  People    `json:"people"`

	options   Options
	upstream  *upstream // nil unless people may also sign in elsewhere
	dir       string
	ports     ports
	mailbox   *mailbox.Mailbox
	redis     *stack.Redis
	directus  *stack.Directus
	gatehouse *stack.Gatehouse
	apps      []*stack.NextJS
}

// Directus is how specs reach the user store, as its administrator.
type Directus struct {
	URL          string `json:"url"`
	Version      string `json:"version"`
	AdminToken   string `json:"adminToken"`
	CustomerRole string `json:"customerRole"`
	// AdminRole is that of administrators, who may change their own row
	// anywhere.
	AdminRole string `json:"adminRole"`
	// EnforcingPolicy asks its users for one-time passwords.
	EnforcingPolicy string `json:"enforcingPolicy"`
	// OwnPolicy lets its users change their own row.
	OwnPolicy string `json:"ownPolicy"`
}

// App is one instance of examples/nextjs.
type App struct {
	Name     string `json:"name"`
	URL      string `json:"url"`
	ClientID string `json:"clientId"`

	secret string
}

// NativeApp has the path of its redirect URI; host and port are the spec's.
type NativeApp struct {
	Name         string `json:"name"`
	ClientID     string `json:"clientId"`
	CallbackPath string `json:"callbackPath"`
}

type ports struct{ directus, gatehouse, shop, club int }

// Start starts everything; Stop ends it and removes its data.
func Start(ctx context.Context, options Options) (*World, error) {
	dir, err := os.MkdirTemp("", "gatehouse-world-")
	if err != nil {
		return nil, fmt.Errorf("start the world: %w", err)
	}
	w := &World{Store: cmp.Or(options.Store, Bolt), Writes: options.Writes, Own: options.Own, Project: "Acme", options: options, dir: dir}
	if err := w.start(ctx); err != nil {
		w.Stop()
		return nil, fmt.Errorf("start the world: %w", err)
	}
	return w, nil
}

func (w *World) start(ctx context.Context) error {
	if w.Store != Bolt && w.Store != Redis {
		return errors.New("the store must be " + Bolt + " or " + Redis)
	}
	if err := w.choosePorts(ctx); err != nil {
		return err
	}
	w.describeApps()
	if err := w.startPortal(ctx); err != nil {
		return err
	}
	// What depends on nothing else is made at once.
	var built string
	together, making := errgroup.WithContext(ctx)
	together.Go(func() error {
		if err := stack.BuildGatehouse(making, w.binary()); err != nil {
			return err
		}
		return w.startUpstream(making)
	})
	if !w.Own {
		together.Go(func() error { return w.startDirectus(making) })
	}
	together.Go(func() (err error) { built, err = stack.BuildNextJS(making); return err })
	together.Go(func() error { return w.startRedis(making) })
	if err := together.Wait(); err != nil {
		return err
	}
	if w.Own { // Directus asks the other provider about itself
		if err := w.startDirectus(ctx); err != nil {
			return err
		}
	}
	if err := w.configure(); err != nil {
		return err
	}
	if err := w.gatehouse.Setup(ctx, w.directus, w.setupArguments()...); err != nil {
		return err
	}
	if err := w.createPeople(ctx); err != nil {
		return err
	}
	if err := w.openProject(ctx); err != nil {
		return err
	}
	if err := w.gatehouse.Start(ctx); err != nil {
		return err
	}
	return w.startApps(ctx, built)
}

func (w *World) setupArguments() []string {
	if w.Writes {
		return []string{"--write-token"}
	}
	return nil
}

func (w *World) choosePorts(ctx context.Context) error {
	for _, port := range []*int{&w.ports.directus, &w.ports.gatehouse, &w.ports.shop, &w.ports.club} {
		var err error
		if *port, err = stack.FreePort(ctx); err != nil {
			return err
		}
	}
	w.Issuer = local(w.ports.gatehouse)
	return nil
}

func (w *World) describeApps() {
	w.Shop = App{Name: "Acme Shop", URL: local(w.ports.shop), ClientID: "shop", secret: rand.Text() + rand.Text()}
	w.Club = App{Name: "Acme Club", URL: local(w.ports.club), ClientID: "club", secret: rand.Text() + rand.Text()}
	w.Native = NativeApp{Name: "Acme Reader", ClientID: "reader", CallbackPath: "/callback"}
	w.Editors = NativeApp{Name: "Acme Newsroom", ClientID: "editors", CallbackPath: "/callback"}
}

func (w *World) startDirectus(ctx context.Context) error {
	var err error
	if w.mailbox, err = mailbox.Start(ctx, mailbox.Config{}); err != nil {
		return err
	}
	w.Mail = w.mailbox.URL
	options := stack.DirectusOptions{
		Version: w.options.Directus, Port: w.ports.directus, SMTP: w.mailbox.SMTPAddr,
		ResetURLs: []string{w.Issuer + "/reset-password"}, RegisterURLs: []string{w.Issuer + "/verify-email"},
		InviteURLs: []string{w.Issuer + "/accept-invite"}, Env: w.providerSettings(),
	}
	w.directus, err = stack.StartDirectus(ctx, options)
	if err != nil {
		return err
	}
	w.Directus = Directus{URL: w.directus.URL, Version: w.directus.Version, AdminToken: w.directus.AdminToken}
	return nil
}

// redisPassword is no secret: that Redis lives on loopback, for one run.
const redisPassword = "a password of Redis"

func (w *World) startRedis(ctx context.Context) error {
	if w.Store != Redis {
		return nil
	}
	var err error
	w.redis, err = stack.StartRedis(ctx, stack.RedisOptions{Password: redisPassword, AppendOnly: true})
	return err
}

func (w *World) startApps(ctx context.Context, built string) error {
	for _, app := range []App{w.Shop, w.Club} {
		port, directus := w.ports.shop, w.directus.URL
		if app.ClientID == w.Club.ClientID {
			port, directus = w.ports.club, ""
		}
		running, err := stack.StartNextJS(ctx, stack.NextJSOptions{
			App: built, Port: port, Dir: w.dir, Name: app.Name, Issuer: w.Issuer, ClientID: app.ClientID, ClientSecret: app.secret,
			Directus: directus,
		})
		if err != nil {
			return err
		}
		w.apps = append(w.apps, running)
	}
	return nil
}

// Stop ends what was started, the last first.
func (w *World) Stop() {
	for _, app := range w.apps {
		app.Stop()
	}
	w.Portal.stop()
	if w.gatehouse != nil {
		w.gatehouse.Stop()
	}
	if w.redis != nil {
		w.redis.Stop()
	}
	if w.upstream != nil {
		w.upstream.stop()
	}
	if w.directus != nil {
		w.directus.Stop()
	}
	if w.mailbox != nil {
		w.mailbox.Stop()
	}
	_ = os.RemoveAll(w.dir)
}

// Log is the end of what Gatehouse wrote.
func (w *World) Log() string { return w.gatehouse.Log() }

func (w *World) binary() string { return filepath.Join(w.dir, "gatehouse") }

func (w *World) sealingKey() string {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	return base64.StdEncoding.EncodeToString(key)
}

func local(port int) string { return "http://localhost:" + strconv.Itoa(port) }
