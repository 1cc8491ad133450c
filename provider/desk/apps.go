package desk

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"gatehouse/provider/clients"
	"gatehouse/provider/event"
	"gatehouse/provider/token"
	"gatehouse/storage"
)

// Apps are what the user allowed or what holds a grant of his, by name. An app
// that was removed from the configuration is still there, by its id.
func (d *Desk) Apps(ctx context.Context, user storage.Account) ([]storage.AuthorizedApp, error) {
	subject := user.ID
	var consents *storage.Record[storage.Consents]
	var index token.Index
	err := d.config.Store.Load(ctx, d.config.Store.Consents.Read(subject, &consents), d.config.Tokens.ReadIndex(subject, &index))
	if err != nil {
		return nil, fmt.Errorf("list apps: %w", err)
	}
	grants, err := d.config.Tokens.Living(ctx, subject, index)
	if err != nil {
		return nil, fmt.Errorf("list apps: %w", err)
	}
	list := apps{desk: d, known: map[string]*storage.AuthorizedApp{}}
	if consents != nil {
		for id, consent := range consents.Value.Clients {
			if app, err := list.app(ctx, id, consent.At); err != nil {
				return nil, err
			} else if app != nil {
				app.Since = consent.At
				allow(app, consent.Scopes, consent.Claims)
				app.Directus = consent.Directus
			}
		}
	}
	for _, grant := range grants {
		if app, err := list.app(ctx, grant.ClientID, grant.IssuedAt); err != nil {
			return nil, err
		} else if app != nil {
			allow(app, grant.Scopes, d.config.Claims.Beyond(grant.Claims, grant.Scopes))
			app.Offline = app.Offline || grant.Offline
			app.Directus = app.Directus || grant.Directus
			if grant.IssuedAt.After(app.LastGrant) {
				app.LastGrant = grant.IssuedAt
			}
		}
	}
	sorted := list.sorted()
	if err := d.close(ctx, user, sorted); err != nil {
		return nil, err
	}
	return sorted, nil
}

// close marks the apps that are not open to the user any more, and which cannot be
// opened from here therefore. What the user allowed them, he may still take back.
//
// While Directus does not answer, those are left as they are of which it would have
// to say: the list is complete all the same, and whoever opens such an app hears
// then whether he may. Nobody waits for Directus more than once.
func (d *Desk) close(ctx context.Context, user storage.Account, apps []storage.AuthorizedApp) error {
	for i := range apps {
		closed, err := d.config.Closed(ctx, apps[i].Client, user)
		if errors.Is(err, storage.ErrUnavailable) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("list apps: %w", err)
		}
		if closed {
			apps[i].Closed, apps[i].OpenURL = true, ""
		}
	}
	return nil
}

// apps are being collected, by client_id.
type apps struct {
	desk  *Desk
	known map[string]*storage.AuthorizedApp
}

// app returns the app that something was given to at a time, or nil if what has
// this client_id now came later: then it was given to another.
func (a *apps) app(ctx context.Context, id string, given time.Time) (*storage.AuthorizedApp, error) {
	app := a.known[id]
	if app == nil {
		client, err := a.desk.config.Clients.Client(ctx, id)
		if errors.Is(err, storage.ErrNotFound) {
			client, err = storage.Client{ID: id}, nil
		}
		if err != nil {
			return nil, fmt.Errorf("list apps: %w", err)
		}
		app = &storage.AuthorizedApp{Client: client, OpenURL: clients.OpenURL(a.desk.config.Issuer, client)}
	}
	if app.Client.CreatedAt.After(given) {
		return nil, nil //nolint:nilnil // neither an app nor an error
	}
	a.known[id] = app
	return app, nil
}

func (a *apps) sorted() []storage.AuthorizedApp {
	list := make([]storage.AuthorizedApp, 0, len(a.known))
	for _, app := range a.known {
		list = append(list, *app)
	}
	slices.SortFunc(list, func(a, b storage.AuthorizedApp) int {
		return cmp.Or(
			strings.Compare(strings.ToLower(a.Client.DisplayName()), strings.ToLower(b.Client.DisplayName())),
			strings.Compare(a.Client.ID, b.Client.ID),
		)
	})
	return list
}

func allow(app *storage.AuthorizedApp, scopes, claims []string) {
	for _, scope := range scopes {
		if !slices.Contains(app.Scopes, scope) {
			app.Scopes = append(app.Scopes, scope)
		}
	}
	for _, claim := range claims {
		if !slices.Contains(app.Claims, claim) {
			app.Claims = append(app.Claims, claim)
		}
	}
}

// RemoveApp forgets what the user allowed the app and ends its grants. The
// consent goes first: otherwise the app could come back without a question
// while its grants are being ended.
func (d *Desk) RemoveApp(ctx context.Context, subject, clientID string) error {
	err := d.config.Store.Consents.Update(ctx, subject, func(consents *storage.Consents) error {
		delete(consents.Clients, clientID)
		return nil
	})
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return fmt.Errorf("remove app: %w", err)
	}
	err = d.config.Tokens.RevokeThose(ctx, subject, "removed by the user", func(entry storage.GrantEntry) bool {
		return entry.ClientID == clientID
	})
	if err != nil {
		return fmt.Errorf("remove app: %w", err)
	}
	d.config.Sink.Emit(ctx, event.Event{Name: event.AppRemoved, ClientID: clientID, Subject: subject})
	return nil
}
