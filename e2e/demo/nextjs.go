package main

import (
	"context"

	"gatehouse/e2e/stack"
)

const appName = "Acme Shop"

func (d *demo) buildNextJS(ctx context.Context) error {
	done := d.progress.step("Build the Next.js app (the first time: a minute)")
	var err error
	d.app, err = stack.BuildNextJS(ctx)
	done(err)
	return err
}

func (d *demo) startNextJS(ctx context.Context) error {
	done := d.progress.step("Start the Next.js app")
	var err error
	d.nextjs, err = stack.StartNextJS(ctx, stack.NextJSOptions{
		App: d.app, Port: d.address.nextjs, Dir: d.dir, Name: appName,
		Issuer: d.address.issuer(), ClientID: clientID, ClientSecret: clientSecret,
		Directus: d.directus.URL,
	})
	done(err)
	return err
}
