package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"gatehouse/cmd/gatehouse/config"
	"gatehouse/storage"
	"gatehouse/web"
)

func (a *app) accountCommand() *cobra.Command {
	return group("account", "Help a person who cannot sign in", &cobra.Command{
		Use: "unlock EMAIL", Short: "Forget the failed sign-ins of an account", Args: cobra.ExactArgs(1),
		Long: "Forgets the failed sign-ins that Gatehouse counted for an account, known or not. If Directus itself has\n" +
			"suspended the user, set the status back to active there; Directus forgets its own count at the next sign-in.",
		RunE: func(command *cobra.Command, args []string) error {
			return a.withStore(command.Context(), func(_ *config.Loaded, store *storage.Store) error {
				if err := web.Unlock(command.Context(), store, args[0]); err != nil {
					return err
				}
				_, err := fmt.Fprintln(command.OutOrStdout(), "The failed sign-ins of this account are forgotten.")
				return err
			})
		},
	})
}
