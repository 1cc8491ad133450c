package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"gatehouse/cmd/gatehouse/config"
	"gatehouse/provider/allow"
	"gatehouse/provider/claims"
	"gatehouse/provider/event"
	"gatehouse/storage"
)

func (a *app) userCommand() *cobra.Command {
	return group("user", "See what apps learn of a person", a.userPreview())
}

// preview is what an app would learn, by where it stands.
type preview struct {
	IDToken     map[string]any `json:"id_token"`
	UserInfo    map[string]any `json:"userinfo"`
	AccessToken map[string]any `json:"access_token"`
}

func (a *app) userPreview() *cobra.Command {
	var user, client, scope string
	command := &cobra.Command{
		Use: "preview", Short: "Print the claims that a client would get of a user", Args: cobra.NoArgs,
		Long: "Prints the claims of a user that the ID token, userinfo and the access token would hold, as JSON, without those of\n" +
			"the protocol. Nothing is issued. Without --scope it is everything that the client may ask for, but for scopes that\n" +
			"scope_roles keep from the user. A user whom allow keeps from the client gets an error that names the rule.",
		RunE: func(command *cobra.Command, _ []string) error {
			if user == "" || client == "" {
				return errors.New("name a user and a client: --user (id or e-mail) and --client")
			}
			// withStore does without the token of Directus, and this does not.
			settings, err := a.load(config.Options{})
			if err != nil {
				return err
			}
			return a.trial(command.Context(), settings, func(store *storage.Store) error {
				shown, err := a.preview(command.Context(), settings, store, user, client, strings.Fields(scope))
				if err != nil {
					return err
				}
				return printJSON(command.OutOrStdout(), shown)
			})
		},
	}
	command.Flags().StringVar(&user, "user", "", "id or e-mail address of the user")
	command.Flags().StringVar(&client, "client", "", "client_id")
	command.Flags().StringVar(&scope, "scope", "", "scopes, with spaces between")
	return command
}

func (a *app) preview(ctx context.Context, settings *config.Loaded, store *storage.Store, user, clientID string, scopes []string) (preview, error) {
	client, err := a.clientNamed(ctx, settings, store, clientID)
	if err != nil {
		return preview{}, fmt.Errorf("client %s: %w", clientID, err)
	}
	claimMap := settings.ClaimMap()
	claimMap.Logger = a.logger(settings)
	releaser, err := claims.New(claimMap)
	if err != nil {
		return preview{}, err
	}
	people, err := a.newDirectus(ctx, settings, releaser.Fields(), event.Discard, a.logger(settings))
	if err != nil {
		return preview{}, err
	}
	releaser = releaser.WithAccess(people, settings.Directus.Staleness)
	find := people.FindByEmail
	if !strings.Contains(user, "@") {
		find = func(ctx context.Context, id string) (storage.Account, error) { return people.Find(ctx, id, 0) }
	}
	account, err := find(ctx, user)
	if err != nil {
		return preview{}, fmt.Errorf("user %s: %w", user, err)
	}
	subjects, err := claims.NewSubjects([]byte(settings.PairwiseSecret.Reveal()))
	if err != nil {
		return preview{}, err
	}
	if len(scopes) == 0 {
		scopes = releaser.Scopes()
	}
	scopes = slices.DeleteFunc(scopes, func(scope string) bool { return !claims.Allowed(client, scope) })
	if scopes, err = a.granted(ctx, settings, people, client, account, scopes); err != nil {
		return preview{}, err
	}
	person, err := releaser.Look(ctx, account, scopes, nil, claims.Destinations()...)
	if err != nil {
		return preview{}, err
	}
	var shown preview
	if shown.IDToken, err = releaser.Release(ctx, person, scopes, nil, store.VerifiedEmails, claims.InIDToken(client)...); err != nil {
		return preview{}, err
	}
	if shown.UserInfo, err = releaser.Release(ctx, person, scopes, nil, store.VerifiedEmails, claims.UserInfo); err != nil {
		return preview{}, err
	}
	if shown.AccessToken, err = releaser.Release(ctx, person, scopes, nil, store.VerifiedEmails, claims.AccessToken); err != nil {
		return preview{}, err
	}
	for _, where := range []map[string]any{shown.IDToken, shown.UserInfo, shown.AccessToken} {
		where["sub"] = subjects.Of(client, account.ID)
	}
	return shown, nil
}

// granted leaves out the scopes that the user could not grant, and says which. A
// user who may not use the client is an error.
func (a *app) granted(ctx context.Context, settings *config.Loaded, people allow.Directory, client storage.Client, account storage.Account, scopes []string) ([]string, error) {
	rules, err := allow.New(allow.Config{
		Directory: people, Staleness: settings.Directus.Staleness,
		Revoke: func(context.Context, storage.Grant, string) error { return nil }, // nothing was granted
	})
	if err != nil {
		return nil, err
	}
	if err := rules.Check(ctx, client, account); err != nil {
		return nil, fmt.Errorf("client %s: %w", client.ID, err)
	}
	withheld, err := rules.Withheld(ctx, client, account)
	if err != nil {
		return nil, err
	}
	narrowed := allow.Narrow(scopes, withheld)
	if len(narrowed) < len(scopes) {
		fmt.Fprintf(a.stderr, "scope_roles keep from the user: %s\n", strings.Join(slices.DeleteFunc(withheld, func(scope string) bool { return !slices.Contains(scopes, scope) }), " "))
	}
	return narrowed, nil
}
