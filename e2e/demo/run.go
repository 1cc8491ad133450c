package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"

	"golang.org/x/sync/errgroup"

	"gatehouse/e2e/directus"
	"gatehouse/e2e/mailbox"
	"gatehouse/e2e/stack"
)

// demo is what runs. Fields are filled in the order of start.
type demo struct {
	dir      string // holds all data of this run
	address  addresses
	progress *progress

	binary    string // of Gatehouse
	app       string // the built example
	mailbox   *mailbox.Mailbox
	directus  *stack.Directus
	gatehouse *stack.Gatehouse
	nextjs    *stack.NextJS
}

// run starts everything, prints the table and waits for an interrupt or for one
// of the parts to end. Nothing is left behind but the cache.
func run(ctx context.Context) error {
	if _, err := os.Stat("go.mod"); err != nil {
		return errors.New("start it with make demo, in the root of the repository")
	}
	dir, err := os.MkdirTemp("", "gatehouse-demo-")
	if err != nil {
		return fmt.Errorf("make a folder for the data: %w", err)
	}
	d := &demo{dir: dir, progress: newProgress(os.Stdout)}
	defer d.stop()
	if err := d.start(ctx); err != nil {
		if ctx.Err() != nil {
			return ctx.Err() // interrupted: what failed then is no news
		}
		return err
	}
	d.printTable(os.Stdout)
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-d.directus.Done():
		return fmt.Errorf("Directus ended; the end of its log:\n%s", d.directus.Log()) //nolint:staticcheck // a name
	case <-d.gatehouse.Done():
		return fmt.Errorf("Gatehouse ended; the end of its log:\n%s", d.gatehouse.Log()) //nolint:staticcheck // a name
	case <-d.nextjs.Done():
		return fmt.Errorf("the Next.js app ended; the end of its log:\n%s", d.nextjs.Log())
	}
}

func (d *demo) start(ctx context.Context) error {
	var err error
	if d.address, err = chooseAddresses(ctx); err != nil {
		return err
	}
	// What depends on nothing else is made at once; each waits for its own part.
	together, making := errgroup.WithContext(ctx)
	together.Go(func() error { return d.startDirectus(making) })
	together.Go(func() error { return d.buildGatehouse(making) })
	together.Go(func() error { return d.buildNextJS(making) })
	if err := together.Wait(); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{d.setUp, d.createCustomer, d.startGatehouse, d.startNextJS} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (d *demo) startDirectus(ctx context.Context) error {
	var err error
	d.mailbox, err = mailbox.Start(ctx, mailbox.Config{SMTPAddr: loopback(d.address.smtp), HTTPAddr: loopback(d.address.mail)})
	if err != nil {
		return err
	}
	done := d.progress.step("Install Directus " + directus.Current + " (the first time: some minutes)")
	_, err = stack.InstallDirectus(ctx, directus.Current, stack.SQLite)
	done(err)
	if err != nil {
		return err
	}
	done = d.progress.step("Start Directus on SQLite")
	issuer := d.address.issuer()
	templates, err := d.mailTemplates()
	if err != nil {
		return err
	}
	d.directus, err = stack.StartDirectus(ctx, stack.DirectusOptions{
		Database: stack.SQLite, Dir: filepath.Join(d.dir, "directus"), Port: d.address.directus, SMTP: d.mailbox.SMTPAddr,
		ResetURLs: []string{issuer + "/reset-password"}, InviteURLs: []string{issuer + "/accept-invite"}, RegisterURLs: []string{issuer + "/verify-email"},
		Env: map[string]string{"PUBLIC_URL": url(d.address.directus), "EMAIL_TEMPLATES_PATH": templates},
	})
	if err == nil {
		err = d.dressDirectus(ctx)
	}
	done(err)
	return err
}

// createCustomer creates a customer, and what customers have in this project: the
// role is the one that setup made.
func (d *demo) createCustomer(ctx context.Context) error {
	done := d.progress.step("Create a user and a collection of notes in Directus")
	var roles []struct{ ID string }
	if err := d.directus.Call(ctx, http.MethodGet, "/roles?fields=id&filter[name][_eq]=Customer", nil, &roles); err != nil {
		return err
	}
	if len(roles) != 1 {
		return fmt.Errorf("gatehouse setup left %d roles named Customer, not one", len(roles))
	}
	_, err := d.directus.CreateUser(ctx, stack.NewUser{
		Email: userEmail, Password: userPassword, FirstName: "Ada", LastName: "Lovelace", Role: roles[0].ID,
	})
	if err == nil {
		err = d.directus.CreateNotes(ctx, roles[0].ID)
	}
	done(err)
	return err
}

// stop ends what was started, the last first.
func (d *demo) stop() {
	if d.nextjs != nil {
		d.nextjs.Stop()
	}
	if d.gatehouse != nil {
		d.gatehouse.Stop()
	}
	if d.directus != nil {
		d.directus.Stop()
	}
	if d.mailbox != nil {
		d.mailbox.Stop()
	}
	_ = os.RemoveAll(d.dir)
}
