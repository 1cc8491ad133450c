package main

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"gatehouse/cmd/gatehouse/config"
	"gatehouse/cmd/gatehouse/rules"
	"gatehouse/cmd/gatehouse/setup"
	"gatehouse/storage/directus"
	"gatehouse/storage/directus/prepare"
)

func (a *app) setupCommand() *cobra.Command {
	var options prepare.Options
	var registration prepare.Registration
	var keep bool
	var registrationMode, tokenFile, writeTokenFile, clientsCollection string
	command := &cobra.Command{
		Use: "setup", Short: "Prepare Directus: service user and token, customer role, settings", Args: cobra.NoArgs,
		Long: "Prepares Directus, and may be run again: what is right already is kept.\n\n" +
			"An administrator's credentials are asked for, or taken from GATEHOUSE_SETUP_ADMIN_EMAIL and\n" +
			"GATEHOUSE_SETUP_ADMIN_PASSWORD (or _PASSWORD_FILE; GATEHOUSE_SETUP_ADMIN_OTP where the account has\n" +
			"one-time passwords). They are used for this run only and never stored.\n\n" +
			"What Directus shows to administrators only and Gatehouse has to know (password policy, e-mail filter, limit\n" +
			"of attempts, who needs one-time passwords) is written into the configuration file: these keys of directus and\n" +
			"nothing else. Where the file cannot be written, setup prints what to write.\n\n" +
			"--write-token makes a second user with a token that may create and change users, for registration.mode:\n" +
			"service_token, and for profiles where people may not change their own. A role is a part of a user: whoever\n" +
			"has this token can make himself an administrator. Leave it out unless you need it.\n\n" +
			"Where directus.events.flow_secret is set, a Flow is made that tells of changed and deleted users by their ids.\n\n" +
			"--clients-collection makes a collection in which clients are edited in the Studio, " + prepare.DefaultClientsCollection + " unless named\n" +
			"(--clients-collection=name). Whoever may change its rows decides who gets people's tokens: the run says who may.",
		RunE: func(command *cobra.Command, _ []string) error {
			settings, err := a.load(config.Options{WithoutToken: true})
			if err != nil {
				return err
			}
			tokenFile, writeTokenFile = cmp.Or(tokenFile, settings.Directus.TokenFile), cmp.Or(writeTokenFile, settings.Directus.WriteTokenFile)
			if err := checkTokenFiles(tokenFile, writeTokenFile, options.Writer); err != nil {
				return err
			}
			credentials, err := setup.Source{Lookup: a.lookup, Terminal: a.stdin, Prompts: a.stderr}.Read()
			if err != nil {
				return err
			}
			switch registrationMode {
			case "":
			case "open", "closed":
				registration.Open = registrationMode == "open"
				options.Registration = &registration
			default:
				return errors.New("--registration is open or closed; leave it out to change nothing")
			}
			options.BaseURL, options.Timeout, options.Random = settings.Directus.URL, settings.Directus.Timeout, a.random
			options.AdminEmail, options.AdminPassword, options.AdminOTP = credentials.Email, credentials.Password, credentials.OTP
			if clientsCollection != "" && !directus.IsCollection(clientsCollection) {
				return fmt.Errorf("--clients-collection: %q is not the name of a collection of your own", clientsCollection)
			}
			configuredCollection := settings.ClientsCollection
			settings.ClientsCollection = cmp.Or(clientsCollection, settings.ClientsCollection)
			options.ClientsCollection, options.ClientChoices = settings.ClientsCollection, clientChoices()
			options.Flow = flowOf(settings)
			if options.Reads, err = reads(settings); err != nil {
				return err
			}
			pages := pagesOf(settings)
			options.ResetURL, options.VerifyURL, options.InviteURL = pages.reset, pages.verify, pages.invite
			if settings.Directus.ExternalSignIn {
				options.ExternalURL, options.CookieDomain = pages.external, settings.Directus.CookieDomain
			}
			return setup.Run(command.Context(), setup.Options{
				Prepare: options, TokenFile: tokenFile, WriteTokenFile: writeTokenFile,
				Configuration: configurationOf(a, settings, keep), ClientsCollection: configuredCollection, Output: command.OutOrStdout(),
			})
		},
	}
	flags := command.Flags()
	flags.StringVar(&tokenFile, "token-file", "", "file for the service token, written with mode 0600 (default: directus.token_file)")
	flags.BoolVar(&options.DryRun, "dry-run", false, "say what would be done and change nothing")
	flags.BoolVar(&options.RotateToken, "rotate", false, "replace the tokens")
	flags.BoolVar(&options.Writer, "write-token", false, "make a second token, which may create and change users: it equals an administrator's power")
	flags.StringVar(&writeTokenFile, "write-token-file", "", "file for the write token (default: directus.write_token_file)")
	flags.StringVar(&options.CustomerRole, "customer-role", prepare.DefaultCustomerRole, "name of the role for people who sign up; it has no Studio access")
	flags.StringVar(&clientsCollection, "clients-collection", "", "make the collection of this name for clients, or add to it what it lacks (default: clients_collection)")
	flags.Lookup("clients-collection").NoOptDefVal = prepare.DefaultClientsCollection
	flags.StringVar(&registrationMode, "registration", "", "open or closed: change public registration")
	flags.BoolVar(&registration.VerifyEmail, "verify-email", true, "with --registration open, ask people to prove their address")
	flags.BoolVar(&options.AttemptsOff, "attempts-off", false, "switch Directus's own lock-out off, where Gatehouse is the only entrance; then set directus.attempts_limit: 0")
	flags.BoolVar(&keep, "keep-configuration", false, "print what is to be changed in the configuration file instead of changing it")
	flags.StringVar(&options.GatehouseAddress, "gatehouse-address", "", "our address as Directus sees it, for IP_TRUST_PROXY")
	return command
}

// configurationOf says what the configuration repeats of Directus, and where it
// says so.
func configurationOf(a *app, settings *config.Loaded, keep bool) setup.Configuration {
	elsewhere := map[string]string{}
	for _, key := range []string{rules.PasswordPolicy, rules.EmailFilter, rules.AttemptsLimit, rules.EnforceTFA} {
		if origin := settings.Origin(key); origin.Kind > config.FromFile {
			elsewhere[key] = origin.Name
		}
	}
	return setup.Configuration{
		Path: settings.Path, Keep: keep, Elsewhere: elsewhere,
		Rules: prepare.Rules{
			PasswordPolicy: settings.Directus.PasswordPolicy, EmailFilter: settings.Directus.EmailFilter,
			AttemptsLimit: settings.Directus.AttemptsLimit, EnforceTFA: settings.Directus.EnforceTFA,
		},
		Check: func(path string) error {
			_, err := (&app{environment: a.environment, configPath: path}).load(config.Options{WithoutToken: true})
			return err
		},
	}
}

func checkTokenFiles(token, writeToken string, writer bool) error {
	switch {
	case token == "":
		return errors.New("name the file for the service token: --token-file, or directus.token_file in the configuration")
	case writer && (writeToken == "" || writeToken == token):
		return errors.New("name a file of its own for the write token: --write-token-file, or directus.write_token_file in the configuration")
	}
	return nil
}

// pages of ours that Directus leads people to.
type pages struct{ reset, verify, invite, external string }

func pagesOf(settings *config.Loaded) pages {
	return pages{
		reset: settings.Issuer + "/reset-password", verify: settings.Issuer + "/verify-email", invite: settings.Issuer + "/accept-invite",
		external: settings.Issuer + "/login/external/callback",
	}
}

func (a *app) lookup(name string) string {
	return config.Lookup(a.environment, name)
}
