package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/spf13/cobra"

	"gatehouse/cmd/gatehouse/config"
	"gatehouse/keys"
	"gatehouse/storage"
)

// keyConfig is what every opener of the ring must agree on.
func (a *app) keyConfig(settings *config.Loaded, store *storage.Store) keys.Config {
	return keys.Config{
		Rings: store.KeyRings, Algorithms: named[jose.SignatureAlgorithm](settings.Keys.Algorithms),
		EncryptionAlgorithms: named[jose.KeyAlgorithm](settings.Keys.EncryptionAlgorithms),
		RotateEvery:          settings.Keys.RotateEvery, PublishAhead: settings.Keys.JWKSMaxAge,
		RetireAfter: max(settings.Tokens.IDTokenLifetime, settings.Tokens.AccessTokenLifetime),
		Now:         a.now, Random: a.random,
	}
}

func named[A ~string](names []string) []A {
	all := make([]A, len(names))
	for i, name := range names {
		all[i] = A(name)
	}
	return all
}

func (a *app) withRing(ctx context.Context, do func(*keys.Ring) error) error {
	return a.withStore(ctx, func(settings *config.Loaded, store *storage.Store) error {
		ring, err := keys.Open(ctx, a.keyConfig(settings, store))
		if err != nil {
			return err
		}
		return do(ring)
	})
}

func (a *app) keysCommand() *cobra.Command {
	return group("keys", "List, rotate and import keys, also while gatehouse serves", a.keysListCommand(), a.keysRotateCommand(), a.keysImportCommand())
}

func (a *app) keysListCommand() *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use: "list", Short: "List the keys", Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return a.withRing(command.Context(), func(ring *keys.Ring) error {
				if asJSON {
					return printJSON(command.OutOrStdout(), ring.List())
				}
				table := tabwriter.NewWriter(command.OutOrStdout(), 0, 0, 2, ' ', 0)
				fmt.Fprintln(table, "KID\tUSE\tALGORITHM\tSTATE\tCREATED\tCHANGES")
				for _, key := range ring.List() {
					fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", key.ID, key.Use, key.Algorithm, key.State, moment(key.CreatedAt), moment(key.ChangesAt))
				}
				return table.Flush()
			})
		},
	}
	command.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return command
}

func (a *app) keysRotateCommand() *cobra.Command {
	var now bool
	command := &cobra.Command{
		Use: "rotate [ALGORITHM…]", Short: "Begin the change to new keys",
		Long: "Publishes a new key for each algorithm, or for those named. It begins to sign when every cached key set has it.\n" +
			"A new key to encrypt to takes the place of the published one as soon as every node has it; the old one goes on decrypting.\n" +
			"With --now a key is used at once, for a key that was disclosed: clients with a cached key set refuse tokens until they read it again.",
		RunE: func(command *cobra.Command, args []string) error {
			return a.withRing(command.Context(), func(ring *keys.Ring) error {
				rotations, err := ring.Rotate(command.Context(), now, args...)
				if err != nil {
					return err
				}
				for _, rotation := range rotations {
					does := "signs"
					if rotation.Use == keys.UseEncryption {
						does = "is published"
					}
					fmt.Fprintf(command.OutOrStdout(), "%s: key %s %s from %s\n", rotation.Algorithm, rotation.KeyID, does, moment(rotation.CurrentAt))
				}
				return nil
			})
		},
	}
	command.Flags().BoolVar(&now, "now", false, "use the new keys at once")
	return command
}

func (a *app) keysImportCommand() *cobra.Command {
	var algorithm, id string
	var asJWK, now bool
	command := &cobra.Command{
		Use: "import FILE", Short: "Take a private key (PEM, or JWK with --jwk) from another provider; - reads standard input", Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			text, err := a.readKey(args[0])
			if err != nil {
				return err
			}
			read := keys.ImportPEM
			if asJWK {
				read = keys.ImportJWK
			}
			key, err := read(text, jose.SignatureAlgorithm(algorithm), id)
			if err != nil {
				return err
			}
			return a.withRing(command.Context(), func(ring *keys.Ring) error {
				signsAt, err := ring.Import(command.Context(), key, now)
				if err == nil {
					fmt.Fprintf(command.OutOrStdout(), "%s: key %s signs from %s\n", key.Algorithm(), key.ID(), moment(signsAt))
				}
				return err
			})
		},
	}
	command.Flags().StringVar(&algorithm, "alg", "", "algorithm it will sign with (default: the usual one of its type)")
	command.Flags().StringVar(&id, "kid", "", "key id, to keep the other provider's (default: thumbprint)")
	command.Flags().BoolVar(&asJWK, "jwk", false, "the file holds a JSON Web Key")
	command.Flags().BoolVar(&now, "now", false, "sign with it at once")
	return command
}

func (a *app) readKey(path string) ([]byte, error) {
	if path == "-" {
		return io.ReadAll(io.LimitReader(a.stdin, 1<<20))
	}
	return os.ReadFile(path) //nolint:gosec // the operator names the file
}

func moment(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format(time.RFC3339)
}
