package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"gatehouse/cmd/gatehouse/config"
	"gatehouse/provider"
	"gatehouse/provider/clients"
	"gatehouse/provider/oauth"
	"gatehouse/storage"
)

func (a *app) clientCommand() *cobra.Command {
	return group(
		"client", "Register and change relying parties, also while gatehouse serves",
		a.clientCreateCommand(), a.clientListCommand(), a.clientGetCommand(),
		a.clientUpdateCommand(), a.clientDeleteCommand(), a.clientRotateSecretCommand(),
		a.clientSecretCommand(), a.clientDeliveriesCommand(), a.clientRegistrationTokenCommand(), a.clientRegistrationTokensCommand(),
	)
}

func (a *app) newSecret(client storage.Client) (storage.Secret, error) {
	secret, err := oauth.RandomID(a.random, clients.SecretSize(client))
	return storage.Secret(secret), err
}

// described is a client as it is printed: with the word whether it has a
// secret, never with digests.
type described struct {
	storage.Client
	HasSecret bool   `json:"has_secret"`
	Source    string `json:"source"`
	// Off and Refused are of clients in Directus: switched off there, or not as
	// they must be.
	Off     bool     `json:"off,omitempty"`
	Refused []string `json:"refused,omitempty"`
	// Secret is shown once, by the command that made it.
	Secret string `json:"client_secret,omitempty"`
}

func describe(client storage.Client, source string) described {
	d := described{Client: client, HasSecret: len(client.SecretDigests) > 0, Source: source}
	d.SecretDigests, d.RegistrationAccessDigest = nil, nil
	return d
}

// origin is the source in words, with who vouched for a client that came by itself.
func (d described) origin() string {
	switch d.Registered {
	case storage.RegisteredOpenly:
		return "registered openly"
	case storage.RegisteredByToken:
		return "registered by token"
	}
	switch {
	case len(d.Refused) > 0:
		return d.Source + ", refused"
	case d.Off:
		return d.Source + ", off"
	}
	return d.Source
}

const (
	fromConfiguration = "configuration"
	fromStore         = "store"
)

func printJSON(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}

// everyClient lists those of the configuration, those in the store and those in
// Directus. If Directus does not answer, it says so and lists the others.
func (a *app) everyClient(ctx context.Context, settings *config.Loaded, store *storage.Store) ([]described, error) {
	var all []described
	for _, client := range settings.Clients {
		all = append(all, describe(client, fromConfiguration))
	}
	for record, err := range store.Clients.All(ctx) {
		if err != nil {
			return nil, err
		}
		all = append(all, describe(record.Value, fromStore))
	}
	rows, err := a.judgedRows(ctx, settings, store)
	if err != nil {
		fmt.Fprintf(a.stderr, "The clients in Directus are not among these: %v\n", err)
	}
	for _, row := range rows {
		all = append(all, describeRow(row))
	}
	slices.SortStableFunc(all, func(a, b described) int { return strings.Compare(a.ID, b.ID) })
	return all, nil
}

func (a *app) clientListCommand() *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use: "list", Short: "List the clients", Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return a.withStore(command.Context(), func(settings *config.Loaded, store *storage.Store) error {
				all, err := a.everyClient(command.Context(), settings, store)
				if err != nil {
					return err
				}
				if asJSON {
					return printJSON(command.OutOrStdout(), all)
				}
				table := tabwriter.NewWriter(command.OutOrStdout(), 0, 0, 2, ' ', 0)
				fmt.Fprintln(table, "CLIENT_ID\tNAME\tTYPE\tAUTHENTICATION\tSOURCE")
				for _, client := range all {
					method := client.TokenEndpointAuthMethod
					if method == "" {
						method = "client_secret_basic or _post"
					}
					fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", client.ID, client.Name, client.ApplicationType, method, client.origin())
				}
				if err := table.Flush(); err != nil {
					return err
				}
				printRefused(command.OutOrStdout(), all)
				return nil
			})
		},
	}
	command.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return command
}

func (a *app) clientGetCommand() *cobra.Command {
	return &cobra.Command{
		Use: "get CLIENT_ID", Short: "Print one client as JSON", Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			return a.withStore(command.Context(), func(settings *config.Loaded, store *storage.Store) error {
				all, err := a.everyClient(command.Context(), settings, store)
				if err != nil {
					return err
				}
				for _, client := range all {
					if client.ID == args[0] {
						return printJSON(command.OutOrStdout(), client)
					}
				}
				return unknownClient(settings, args[0])
			})
		},
	}
}

func (a *app) clientDeleteCommand() *cobra.Command {
	return &cobra.Command{
		Use: "delete CLIENT_ID", Short: "Remove a client; its tokens are worth nothing from then on", Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			return a.withStore(command.Context(), func(settings *config.Loaded, store *storage.Store) error {
				_, err := store.Clients.Take(command.Context(), args[0])
				if errors.Is(err, storage.ErrNotFound) {
					return unknownClient(settings, args[0])
				}
				if err == nil {
					fmt.Fprintf(command.OutOrStdout(), "Client %s is deleted.\n", args[0])
				}
				return err
			})
		},
	}
}

func (a *app) clientRotateSecretCommand() *cobra.Command {
	var keep time.Duration
	var asJSON bool
	command := &cobra.Command{
		Use: "rotate-secret CLIENT_ID", Short: "Make a new secret and let the old one end", Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			if keep < 0 {
				return errors.New("--keep-old must not be negative")
			}
			return a.withStore(command.Context(), func(settings *config.Loaded, store *storage.Store) error {
				var secret storage.Secret
				client, err := a.changeClient(command.Context(), settings, store, args[0], func(client *storage.Client) (err error) {
					secret, err = a.replaceSecret(client, keep)
					return err
				})
				if err != nil {
					return err
				}
				if asJSON {
					shown := describe(client, fromStore)
					shown.Secret = secret.Reveal()
					return printJSON(command.OutOrStdout(), shown)
				}
				fmt.Fprintf(command.OutOrStdout(), "The new secret of %s, shown only now:\n%s\n", client.ID, secret.Reveal())
				return nil
			})
		},
	}
	command.Flags().DurationVar(&keep, "keep-old", 24*time.Hour, "how long the old secret still works; 0 ends it at once")
	command.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return command
}

// replaceSecret gives the client a new secret and lets the old one end.
func (a *app) replaceSecret(client *storage.Client, keep time.Duration) (storage.Secret, error) {
	if !clients.UsesSecret(*client) || len(client.SecretDigests) == 0 {
		return "", fmt.Errorf("client %s has no secret: its token_endpoint_auth_method is %s", client.ID, client.TokenEndpointAuthMethod)
	}
	secret, err := a.newSecret(*client)
	if err != nil {
		return "", err
	}
	var ends time.Time
	if keep > 0 {
		ends = a.now().Add(keep)
	}
	clients.ReplaceSecret(client, secret, ends)
	return secret, nil
}

// changeClient changes a stored client if the result is still valid.
func (a *app) changeClient(ctx context.Context, settings *config.Loaded, store *storage.Store, id string, change func(*storage.Client) error) (storage.Client, error) {
	if configured(settings, id) {
		return storage.Client{}, fmt.Errorf("client %s stands in the configuration; change it there and restart gatehouse", id)
	}
	var changed storage.Client
	err := store.Clients.Update(ctx, id, func(client *storage.Client) error {
		if err := change(client); err != nil {
			return err
		}
		*client = clients.WithDefaults(*client)
		changed = *client
		return clients.Validate(*client, settings.ClientRules(provider.ClientRules()))
	})
	if errors.Is(err, storage.ErrNotFound) {
		err = unknownClient(settings, id)
	}
	return changed, err
}

func configured(settings *config.Loaded, id string) bool {
	return slices.ContainsFunc(settings.Clients, func(client storage.Client) bool { return client.ID == id })
}

func unknownClient(settings *config.Loaded, id string) error {
	if settings.ClientsCollection != "" {
		return fmt.Errorf("there is no client %s that commands could change; gatehouse client list names those there are, and those in Directus are changed there (%s)", id, settings.ClientsCollection)
	}
	return fmt.Errorf("there is no client %s; gatehouse client list names those there are", id)
}
