package main

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/spf13/cobra"

	"gatehouse/cmd/gatehouse/config"
	"gatehouse/cmd/gatehouse/doctor"
	"gatehouse/cmd/gatehouse/setup"
	"gatehouse/keys"
	"gatehouse/provider/claims"
	"gatehouse/provider/clients"
	"gatehouse/provider/event"
	"gatehouse/provider/oauth"
	"gatehouse/storage"
	"gatehouse/storage/directus"
	"gatehouse/storage/directus/prepare"
)

const (
	// trialLifetime is that of a record that a crash left behind.
	trialLifetime = time.Minute
	// ringName is how storage.Store names the one record of KeyRings.
	ringName = "ring"
)

func (a *app) doctorCommand() *cobra.Command {
	var asJSON, administrator bool
	command := &cobra.Command{
		Use: "doctor", Short: "Find what is wrong, and how to mend it", Args: cobra.NoArgs,
		Long: "Looks at the issuer, the clock, the store, the keys and Directus. Every finding says what to do.\n" +
			"The exit code is 1 if there is an error among them.\n\n" +
			"With --administrator it also looks at what Directus shows to administrators only: the role of new users,\n" +
			"the password policy, the e-mail filter, the limit of attempts, the seats, who must and who cannot set up\n" +
			"one-time passwords, where invitations may lead to, the mail server, the Flow that tells of changes, and\n" +
			"whether addresses of people are believed. It asks for credentials as gatehouse setup does, or takes them\n" +
			"from the same variables, changes nothing and keeps nothing: it tries an invitation for a role that does not\n" +
			"exist, and signs in a second time from an address that is for documentation (RFC 5737), which the activity\n" +
			"log of Directus shows.",
		RunE: func(command *cobra.Command, _ []string) error {
			settings, err := a.load(config.Options{})
			if err != nil {
				return err
			}
			patient := a.patient(command.Context(), settings)
			if administrator {
				if err := a.examineAs(settings, &patient); err != nil {
					return err
				}
			}
			findings := doctor.Examine(command.Context(), patient)
			if asJSON {
				if err := printJSON(command.OutOrStdout(), findings); err != nil {
					return err
				}
			} else {
				doctor.Print(command.OutOrStdout(), findings)
			}
			if doctor.Worst(findings) == doctor.Error {
				return &exitError{code: 1}
			}
			return nil
		},
	}
	command.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	command.Flags().BoolVar(&administrator, "administrator", false, "look as an administrator of Directus, too")
	command.Flags().BoolVar(&administrator, "admin", false, "the same as --administrator")
	return command
}

func (a *app) patient(ctx context.Context, settings *config.Loaded) doctor.Patient {
	logger := a.logger(settings)
	pages := pagesOf(settings)
	patient := doctor.Patient{
		Issuer: settings.Issuer, ReadyURL: readyURL(settings), Get: http.DefaultClient,
		DirectusURL: settings.Directus.URL, DirectusPublicURL: settings.Directus.PublicURL,
		ServesTLS: settings.TLS.CertFile != "", TrustsProxies: len(settings.TrustedProxies) > 0, AttemptsLimit: settings.Directus.AttemptsLimit,
		Pages: directus.URLs{Reset: pages.reset, Verify: pages.verify}, InviteURL: pages.invite, Accounts: accountSettings(settings), Now: a.now,
	}
	patient.Clients = a.clientSettings(settings)
	patient.Store = func(ctx context.Context) error {
		return a.trial(ctx, settings, func(store *storage.Store) error {
			source, err := clients.NewSource(clients.SourceConfig{Configured: settings.Clients, Store: store, Now: a.now})
			if err != nil {
				return err
			}
			return errors.Join(tryStore(ctx, store, a), source.CheckSources(ctx))
		})
	}
	patient.Events = doctor.EventSettings{TryWebSocket: a.tryWebSocket(settings), Flow: settings.Directus.FlowSecret != ""}
	patient.Durability = durability(settings)
	patient.Keys = func(ctx context.Context) (current []string, err error) {
		err = a.trial(ctx, settings, func(store *storage.Store) error {
			current, err = currentKeys(ctx, store)
			return err
		})
		return current, err
	}
	releaser, err := claims.New(settings.ClaimMap())
	if err == nil {
		patient.Reads, _ = reads(settings) // no other error than the one just looked at
		if client, err := a.newDirectus(ctx, settings, releaser.Fields(), event.Discard, logger); err == nil {
			patient.Directus, patient.Providers = client, client.Providers
			patient.Rules = func(ctx context.Context) []doctor.Finding {
				return doctor.ClientRules(ctx, client, slices.Concat(settings.Clients, settings.ClientRights), a.storedClients(ctx, settings))
			}
			patient.Fields, patient.Paths = client.CheckFields, releaser.Paths()
		}
	}
	if settings.Directus.WriteToken != "" {
		patient.WriteToken = func(ctx context.Context) (directus.TokenRights, error) {
			client, err := a.newWriter(settings, logger)
			if err != nil {
				return directus.TokenRights{}, err
			}
			return client.TokenRights(ctx)
		}
	}
	return patient
}

func accountSettings(settings *config.Loaded) doctor.AccountSettings {
	return doctor.AccountSettings{
		RegistrationByToken: settings.Registration.Mode == config.RegistrationByToken,
		RegistrationOff:     settings.Registration.Mode == config.RegistrationOff,
		Role:                settings.Registration.Role, PasswordPolicy: settings.Directus.PasswordPolicy,
		EmailFilter: settings.Directus.EmailFilter, EnforceTFA: settings.Directus.EnforceTFA,
		ExternalSignIn: settings.Directus.ExternalSignIn, ExternalURL: pagesOf(settings).external,
		ForwardsAddress: settings.Directus.ForwardClientAddress,
	}
}

// examineAs lets the doctor look as an administrator.
func (a *app) examineAs(settings *config.Loaded, patient *doctor.Patient) error {
	credentials, err := setup.Source{Lookup: a.lookup, Terminal: a.stdin, Prompts: a.stderr}.Read()
	if err != nil {
		return err
	}
	options := prepare.Options{
		BaseURL: settings.Directus.URL, Timeout: settings.Directus.Timeout, Random: a.random,
		AdminEmail: credentials.Email, AdminPassword: credentials.Password, AdminOTP: credentials.OTP,
		InviteURL: patient.InviteURL, TryForwarding: settings.Directus.ForwardClientAddress,
		ClientsCollection: settings.ClientsCollection, Flow: flowOf(settings),
	}
	patient.Examine = func(ctx context.Context) (prepare.Examination, prepare.RoleAccess, error) {
		var ids []string
		if role := settings.Registration.Role; role != "" {
			ids = append(ids, role)
		}
		examined, roles, err := prepare.Examine(ctx, options, ids...)
		if len(roles) == 0 {
			return examined, prepare.RoleAccess{}, err
		}
		return examined, roles[0], err
	}
	return nil
}

// storedClients are those of the store. There are none where it cannot be read,
// which is a finding by itself.
func (a *app) storedClients(ctx context.Context, settings *config.Loaded) []storage.Client {
	var stored []storage.Client
	err := a.trial(ctx, settings, func(store *storage.Store) error {
		for record, err := range store.Clients.All(ctx) {
			if err != nil {
				return err
			}
			stored = append(stored, record.Value)
		}
		return nil
	})
	if err != nil {
		return nil
	}
	return stored
}

func (a *app) trial(ctx context.Context, settings *config.Loaded, do func(*storage.Store) error) error {
	store, backend, err := a.openStore(ctx, settings, a.logger(settings))
	if err != nil {
		return err
	}
	return errors.Join(do(store), backend.Close())
}

// tryStore writes a record of its own, reads it and takes it away again.
func tryStore(ctx context.Context, store *storage.Store, a *app) error {
	name, err := oauth.RandomID(a.random, 16)
	if err != nil {
		return err
	}
	if err := store.Ping(ctx); err != nil {
		return err
	}
	if err := store.Seen.Put(ctx, "doctor "+name, storage.Mark{}, trialLifetime); err != nil {
		return err
	}
	_, err = store.Seen.Take(ctx, "doctor "+name)
	return err
}

// currentKeys reads the ring as it is: keys.Open would make one.
func currentKeys(ctx context.Context, store *storage.Store) ([]string, error) {
	record, err := store.KeyRings.Get(ctx, ringName)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var current []string
	for _, key := range record.Value.Keys {
		if key.State == storage.KeyCurrent && slices.Contains(keys.Algorithms(), jose.SignatureAlgorithm(key.Algorithm)) {
			current = append(current, key.Algorithm+" "+key.ID)
		}
	}
	return current, nil
}
