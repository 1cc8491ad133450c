package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"gatehouse/cmd/gatehouse/config"
	"gatehouse/cmd/gatehouse/doctor"
	"gatehouse/provider"
	"gatehouse/provider/clients"
	"gatehouse/provider/event"
	"gatehouse/provider/oauth"
	"gatehouse/storage"
)

const fromDirectus = "Directus"

// clientRows reads the clients in Directus. There are none where no collection is
// configured.
func (a *app) clientRows(ctx context.Context, settings *config.Loaded) ([]storage.ClientRow, error) {
	if settings.ClientsCollection == "" {
		return nil, nil
	}
	withToken, err := a.load(config.Options{})
	if err != nil {
		return nil, err
	}
	client, err := a.newDirectus(ctx, withToken, nil, event.Discard, a.logger(settings))
	if err != nil {
		return nil, err
	}
	return client.ClientRows(ctx)
}

// judgedRows holds the clients in Directus to the rules, as gatehouse serve does.
func (a *app) judgedRows(ctx context.Context, settings *config.Loaded, store *storage.Store) ([]clients.Row, error) {
	rows, err := a.clientRows(ctx, settings)
	if err != nil {
		return nil, err
	}
	stored := map[string]bool{}
	for _, row := range rows {
		_, err := store.Clients.Get(ctx, row.ID)
		if err != nil && !errors.Is(err, storage.ErrNotFound) {
			return nil, err
		}
		stored[row.ID] = err == nil
	}
	rights := map[string]storage.Client{}
	for _, client := range settings.ClientRights {
		rights[client.ID] = client
	}
	return clients.Judge(rows, rights, settings.ClientRules(provider.ClientRules()), func(id string) string {
		return clients.TakenBy(configured(settings, id), stored[id])
	}), nil
}

// describeRow is describe for a row of Directus.
func describeRow(row clients.Row) described {
	row.Client.ID = row.ID
	d := describe(row.Client, fromDirectus)
	d.Off = !row.Active
	for _, fault := range clients.Fields(row.Refused) {
		d.Refused = append(d.Refused, fault.Error())
	}
	return d
}

// printRefused names the rows that are no clients, with field and reason.
func printRefused(w io.Writer, all []described) {
	for _, client := range all {
		for _, fault := range client.Refused {
			fmt.Fprintf(w, "refused: %s in Directus: %s\n", client.ID, fault)
		}
	}
}

// clientNamed finds a client wherever it stands, as gatehouse serve does.
func (a *app) clientNamed(ctx context.Context, settings *config.Loaded, store *storage.Store, id string) (storage.Client, error) {
	source, err := clients.NewSource(clients.SourceConfig{Configured: settings.Clients, Store: store, Now: a.now})
	if err != nil {
		return storage.Client{}, err
	}
	client, unknown := source.Client(ctx, id)
	if !errors.Is(unknown, storage.ErrNotFound) {
		return client, unknown
	}
	rows, err := a.judgedRows(ctx, settings, store)
	if err != nil {
		return storage.Client{}, fmt.Errorf("those in Directus cannot be read: %w", err)
	}
	at := slices.IndexFunc(rows, func(row clients.Row) bool { return row.ID == id })
	switch {
	case at < 0:
		return storage.Client{}, unknown
	case !rows[at].Active:
		return storage.Client{}, errors.New("is switched off in Directus")
	case rows[at].Refused != nil:
		return storage.Client{}, fmt.Errorf("is refused in Directus: %s", clients.Words(rows[at].Refused))
	}
	return rows[at].Client, nil
}

// takenInDirectus refuses a client_id that stands in Directus: the client there would
// be refused for one that is made here. Where Directus cannot be asked, that is said
// and nothing more, since whoever makes a client needs no Directus.
func (a *app) takenInDirectus(ctx context.Context, settings *config.Loaded, id string) error {
	rows, err := a.clientRows(ctx, settings)
	if err != nil {
		fmt.Fprintf(a.stderr, "Whether a client %s stands in Directus (%s) could not be found out: %v\n"+
			"If there is one, it is refused from now on: gatehouse client list shows it.\n", id, settings.ClientsCollection, err)
		return nil
	}
	if slices.ContainsFunc(rows, func(row storage.ClientRow) bool { return row.ID == id }) {
		return fmt.Errorf("client %s stands in Directus already (%s); change it there, or choose another id", id, settings.ClientsCollection)
	}
	return nil
}

// clientSettings lets the doctor look at the clients in Directus.
func (a *app) clientSettings(settings *config.Loaded) doctor.ClientSettings {
	of := doctor.ClientSettings{Collection: settings.ClientsCollection}
	for _, client := range settings.ClientRights {
		of.Rights = append(of.Rights, client.ID)
	}
	of.Rows = func(ctx context.Context) (rows []clients.Row, err error) {
		err = a.trial(ctx, settings, func(store *storage.Store) error {
			rows, err = a.judgedRows(ctx, settings, store)
			return err
		})
		return rows, err
	}
	return of
}

func (a *app) clientSecretCommand() *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use: "secret", Short: "Make a secret and its digest, for a client that stands in Directus", Args: cobra.NoArgs,
		Long: "Prints a secret of 256 random bits, for the app, and its SHA-256 digest, for client_secret_sha256 of the row in\n" +
			"Directus. Neither is kept. To replace a secret without a gap, move the old digest to old_client_secret_sha256, give\n" +
			"it an end, and put the new one in its place. Directus never sees a secret: do not make a digest of one of your own.",
		RunE: func(command *cobra.Command, _ []string) error {
			secret, err := a.newSecret(storage.Client{})
			if err != nil {
				return err
			}
			digest := hex.EncodeToString(oauth.Digest(secret.Reveal()))
			if asJSON {
				return printJSON(command.OutOrStdout(), map[string]string{"client_secret": secret.Reveal(), "client_secret_sha256": digest})
			}
			_, err = fmt.Fprintf(command.OutOrStdout(), "client_secret:        %s   (for the app; shown only now)\nclient_secret_sha256: %s   (for Directus)\n", secret.Reveal(), digest)
			return err
		},
	}
	command.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return command
}

// clientChoices are what the fields of a collection of clients offer: what the
// endpoints can do, but for what needs the secret itself.
func clientChoices() map[string][]string {
	rules := provider.ClientRules()
	methods := slices.DeleteFunc(slices.Clone(rules.AuthMethods), func(method string) bool {
		return clients.SignsWithSecret(storage.Client{TokenEndpointAuthMethod: method})
	})
	return map[string][]string{
		"grant_types": rules.GrantTypes, "response_types": rules.ResponseTypes, "token_endpoint_auth_method": methods,
		"application_type": {"web", "native"}, "subject_type": rules.SubjectTypes,
		"token_endpoint_auth_signing_alg": rules.AssertionAlgorithms, "request_object_signing_alg": rules.AssertionAlgorithms,
		"id_token_signed_response_alg": rules.SigningAlgorithms, "userinfo_signed_response_alg": rules.SigningAlgorithms,
		"id_token_encrypted_response_alg": rules.EncryptionAlgorithms, "id_token_encrypted_response_enc": rules.ContentEncryptions,
		"userinfo_encrypted_response_alg": rules.EncryptionAlgorithms, "userinfo_encrypted_response_enc": rules.ContentEncryptions,
		"request_object_encryption_alg": rules.RequestEncryptionAlgorithms, "request_object_encryption_enc": rules.RequestContentEncryptions,
	}
}
