package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"gatehouse/cmd/gatehouse/config"
	"gatehouse/provider/oauth"
	"gatehouse/provider/registration"
	"gatehouse/storage"
)

// registrationTokens are the initial access tokens of the store.
func (a *app) registrationTokens(settings *config.Loaded, store *storage.Store) (*registration.Tokens, error) {
	sealing, err := a.sealingKeys(settings)
	if err != nil {
		return nil, err
	}
	handles, err := oauth.NewHandles(a.random, sealing...)
	if err != nil {
		return nil, err
	}
	return &registration.Tokens{Table: store.RegistrationTokens, Handles: handles, Now: a.now, Random: a.random}, nil
}

type registrationTokenOptions struct {
	uses    int
	expires time.Duration
	note    string
	asJSON  bool
}

// describedToken is an initial access token as it is printed. The token itself is
// shown once, by the command that made it.
type describedToken struct {
	ID        string    `json:"id"`
	Token     string    `json:"token,omitempty"`
	Note      string    `json:"note,omitempty"`
	CreatedAt time.Time `json:"created_at"`
	Expires   time.Time `json:"expires,omitzero"`
	// Uses is how many clients it is still good for, null for any number.
	Uses *int `json:"uses"`
}

func describeToken(token storage.RegistrationToken, expires time.Time) describedToken {
	described := describedToken{ID: token.ID, Note: token.Note, CreatedAt: token.CreatedAt, Expires: expires.UTC()}
	if expires.IsZero() {
		described.Expires = time.Time{}
	}
	if token.Uses >= 0 {
		described.Uses = &token.Uses
	}
	return described
}

func (a *app) clientRegistrationTokenCommand() *cobra.Command {
	var options registrationTokenOptions
	command := &cobra.Command{
		Use: "registration-token", Short: "Make a token by which clients register themselves, and print it, once",
		Example: "  gatehouse client registration-token --uses 5 --expires 168h --note \"team mobile\"",
		Args:    cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			if options.uses < 0 || options.expires < 0 {
				return errors.New("--uses and --expires must not be negative; 0 stands for no limit")
			}
			return a.withStore(command.Context(), func(settings *config.Loaded, store *storage.Store) error {
				return a.makeRegistrationToken(command, settings, store, options)
			})
		},
	}
	command.Flags().IntVar(&options.uses, "uses", 1, "how many clients may be registered with it; 0 for any number")
	command.Flags().DurationVar(&options.expires, "expires", 7*24*time.Hour, "how long it is good; 0 for ever")
	command.Flags().StringVar(&options.note, "note", "", "whom it is for")
	command.Flags().BoolVar(&options.asJSON, "json", false, "print JSON")
	return command
}

func (a *app) makeRegistrationToken(command *cobra.Command, settings *config.Loaded, store *storage.Store, options registrationTokenOptions) error {
	tokens, err := a.registrationTokens(settings, store)
	if err != nil {
		return err
	}
	uses, lifetime := options.uses, options.expires
	if uses == 0 {
		uses = -1
	}
	var expires time.Time
	if lifetime == 0 {
		lifetime = storage.NoExpiry
	} else {
		expires = a.now().Add(lifetime)
	}
	made, token, err := tokens.Make(command.Context(), uses, lifetime, options.note)
	if err != nil {
		return err
	}
	if options.asJSON {
		shown := describeToken(made, expires)
		shown.Token = token.Reveal()
		return printJSON(command.OutOrStdout(), shown)
	}
	fmt.Fprintf(command.OutOrStdout(), "Initial access token %s, shown only now:\n%s\n", made.ID, token.Reveal())
	if !settings.ClientRegistration.Settings().On() {
		fmt.Fprintln(command.ErrOrStderr(), "client_registration.mode is off: the token is good once it is token or open.")
	}
	return nil
}

func (a *app) clientRegistrationTokensCommand() *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use: "registration-tokens", Short: "List the tokens by which clients register themselves", Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return a.withStore(command.Context(), func(_ *config.Loaded, store *storage.Store) error {
				all, err := everyRegistrationToken(command.Context(), store)
				if err != nil {
					return err
				}
				if asJSON {
					return printJSON(command.OutOrStdout(), all)
				}
				table := tabwriter.NewWriter(command.OutOrStdout(), 0, 0, 2, ' ', 0)
				fmt.Fprintln(table, "ID\tUSES\tEXPIRES\tNOTE")
				for _, token := range all {
					uses, expires := "any number", "never"
					if token.Uses != nil {
						uses = strconv.Itoa(*token.Uses)
					}
					if !token.Expires.IsZero() {
						expires = token.Expires.Format(time.RFC3339)
					}
					fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", token.ID, uses, expires, token.Note)
				}
				return table.Flush()
			})
		},
	}
	command.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	command.AddCommand(a.revokeRegistrationTokenCommand())
	return command
}

func everyRegistrationToken(ctx context.Context, store *storage.Store) ([]describedToken, error) {
	all := []describedToken{}
	for record, err := range store.RegistrationTokens.All(ctx) {
		if err != nil {
			return nil, err
		}
		all = append(all, describeToken(record.Value, record.Expires))
	}
	slices.SortFunc(all, func(a, b describedToken) int { return a.CreatedAt.Compare(b.CreatedAt) })
	return all, nil
}

func (a *app) revokeRegistrationTokenCommand() *cobra.Command {
	return &cobra.Command{
		Use: "revoke ID", Short: "End a token; clients that were registered with it stay", Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			return a.withStore(command.Context(), func(_ *config.Loaded, store *storage.Store) error {
				_, err := store.RegistrationTokens.Take(command.Context(), args[0])
				if errors.Is(err, storage.ErrNotFound) {
					return fmt.Errorf("there is no token %s; gatehouse client registration-tokens names those there are", args[0])
				}
				if err == nil {
					fmt.Fprintf(command.OutOrStdout(), "Token %s is revoked.\n", args[0])
				}
				return err
			})
		},
	}
}
