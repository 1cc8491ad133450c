package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"gatehouse/cmd/gatehouse/config"
	"gatehouse/storage"
	"gatehouse/web"
)

func (a *app) accountCommand() *cobra.Command {
	return group("account", "Help a person who cannot sign in", a.accountUnlock())
}

func (a *app) accountUnlock() *cobra.Command {
	var directusForgot bool
	command := &cobra.Command{
		Use: "unlock EMAIL", Short: "Allow an account another sign-in after too many failed", Args: cobra.ExactArgs(1),
		Long: "Allows two more attempts to sign in to an account, known or not, once until somebody signs in to it.\n" +
			"Directus keeps a count of its own, which only a sign-in ends, and suspends the user when it is full: so\n" +
			"Gatehouse forgets its count only where directus.attempts_limit is 0, or with --directus-forgot.\n\n" +
			"Directus begins its count anew when the user signs in there, when it suspends the user, and when it is\n" +
			"restarted (unless it counts in Redis, RATE_LIMITER_STORE). A new password does not change it.",
		RunE: func(command *cobra.Command, args []string) error {
			return a.withStore(command.Context(), func(settings *config.Loaded, store *storage.Store) error {
				limiter, err := web.NewLimiter(web.LimiterConfig{
					Attempts: store.Attempts, DirectusLimit: settings.Directus.AttemptsLimit, Now: a.now,
				})
				if err != nil {
					return err
				}
				unlock := limiter.Reset
				if directusForgot {
					unlock = limiter.Forget
				}
				attempts, err := unlock(command.Context(), args[0])
				if err != nil {
					return err
				}
				_, err = fmt.Fprintln(command.OutOrStdout(), unlocked(attempts))
				return err
			})
		},
	}
	command.Flags().BoolVar(&directusForgot, "directus-forgot", false,
		"forget the failed sign-ins: Directus was restarted, or has suspended the user, or the user has signed in there")
	return command
}

// unlocked says what can be done now.
func unlocked(attempts int) string {
	if attempts == 0 {
		return "No attempt is left: the two of an earlier unlock were used up. A browser that has signed in to the account before has\n" +
			"attempts of its own. Otherwise have the person sign in to Directus itself, or restart Directus; then unlock with --directus-forgot."
	}
	return fmt.Sprintf("The account can be tried %d times.", attempts)
}
