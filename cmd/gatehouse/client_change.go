package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"gatehouse/cmd/gatehouse/config"
	"gatehouse/cmd/gatehouse/presets"
	"gatehouse/provider"
	"gatehouse/provider/clients"
	"gatehouse/provider/oauth"
	"gatehouse/storage"
)

// clientFlags are the metadata that can be given as flags. A flag that is not
// given changes nothing.
func clientFlags(flags *pflag.FlagSet, client *storage.Client) {
	flags.StringVar(&client.Name, "name", client.Name, "name that people see (client_name)")
	flags.StringArrayVar(&client.RedirectURIs, "redirect-uri", client.RedirectURIs, "address that the app wants its answer at; may be repeated")
	flags.StringArrayVar(&client.PostLogoutRedirectURIs, "post-logout-redirect-uri", client.PostLogoutRedirectURIs, "address that the app wants people back at after sign-out; may be repeated")
	flags.StringArrayVar(&client.GrantTypes, "grant-type", client.GrantTypes, "authorization_code, refresh_token, client_credentials or implicit; may be repeated")
	flags.StringArrayVar(&client.ResponseTypes, "response-type", client.ResponseTypes, "code, or one that brings tokens through the browser, such as \"code id_token\"; may be repeated")
	flags.StringVar(&client.TokenEndpointAuthMethod, "auth-method", client.TokenEndpointAuthMethod, "how the client authenticates (token_endpoint_auth_method)")
	flags.StringVar(&client.ApplicationType, "application-type", client.ApplicationType, "web or native")
	flags.StringVar(&client.JWKSURI, "jwks-uri", client.JWKSURI, "where the client's public keys are, for private_key_jwt")
	flags.StringVar(&client.Scope, "scope", client.Scope, "what the client may ask for, separated by spaces; empty for every scope")
	flags.StringVar(&client.IDTokenSignedResponseAlg, "id-token-alg", client.IDTokenSignedResponseAlg, "algorithm of ID tokens (id_token_signed_response_alg)")
	flags.StringVar(&client.AccessTokenFormat, "access-token-format", client.AccessTokenFormat, "opaque or jwt")
	flags.StringVar(&client.AccessTokenAlg, "access-token-alg", client.AccessTokenAlg, "algorithm of jwt access tokens")
	flags.StringArrayVar(&client.Audience, "audience", client.Audience, "audience of jwt access tokens; may be repeated")
	flags.StringArrayVar(&client.Introspects, "introspects", client.Introspects, "client whose tokens this one may look at; may be repeated, * for all")
	flags.BoolVar(&client.FirstParty, "first-party", client.FirstParty, "skip the consent page")
	flags.BoolVar(&client.IDTokenScopeClaims, "id-token-claims", client.IDTokenScopeClaims, "put the claims of scopes into the ID token too")
	flags.StringVar(&client.ClientURI, "client-uri", client.ClientURI, "the app's home page")
	flags.StringVar(&client.LogoURI, "logo-uri", client.LogoURI, "the app's logo")
	flags.StringVar(&client.PolicyURI, "policy-uri", client.PolicyURI, "the app's privacy policy")
	flags.StringVar(&client.TermsOfServiceURI, "tos-uri", client.TermsOfServiceURI, "the app's terms of service")
	flags.StringVar(&client.InitiateLoginURI, "initiate-login-uri", client.InitiateLoginURI, "where the app starts a sign-in")
	flags.StringArrayVar(&client.Contacts, "contact", client.Contacts, "whom to write to about the app; may be repeated")
	flags.StringVar(&client.BackChannelLogoutURI, "backchannel-logout-uri", client.BackChannelLogoutURI, "told when a session ends")
	flags.StringVar(&client.FrontChannelLogoutURI, "frontchannel-logout-uri", client.FrontChannelLogoutURI, "loaded in a frame when a person signs out")
	flags.StringVar(&client.SubjectType, "subject-type", client.SubjectType, "public or pairwise")
	flags.StringVar(&client.SectorIdentifierURI, "sector-identifier-uri", client.SectorIdentifierURI, "group of apps that know a person by one sub, for pairwise")
	flags.StringVar(&client.UserInfoSignedResponseAlg, "userinfo-alg", client.UserInfoSignedResponseAlg, "algorithm of signed answers at userinfo (userinfo_signed_response_alg)")
	allowFlags(flags, client)
	flags.StringArrayVar(&client.RequestURIs, "request-uri", client.RequestURIs, "where request objects of the client are; may be repeated")
}

// givenFlags applies to client what was given on the command line.
func givenFlags(given *pflag.FlagSet, client *storage.Client) error {
	flags := pflag.NewFlagSet("client", pflag.ContinueOnError)
	clientFlags(flags, client)
	var err error
	flags.VisitAll(func(flag *pflag.Flag) {
		from := given.Lookup(flag.Name)
		if from == nil || !from.Changed {
			return
		}
		if list, ok := from.Value.(pflag.SliceValue); ok {
			err = errors.Join(err, flag.Value.(pflag.SliceValue).Replace(list.GetSlice())) //nolint:forcetypeassert // of the same kind
			return
		}
		err = errors.Join(err, flag.Value.Set(from.Value.String()))
	})
	return err
}

type createOptions struct {
	preset, appURL string
	asJSON         bool
}

func (a *app) clientCreateCommand() *cobra.Command {
	var options createOptions
	command := &cobra.Command{
		Use:   "create [CLIENT_ID]",
		Short: "Register a client and print its secret, once",
		Example: "  gatehouse client create shop --for nextauth --app-url https://shop.example.com\n" +
			"  gatehouse client create report --grant-type client_credentials",
		Args: cobra.MaximumNArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			return a.withStore(command.Context(), func(settings *config.Loaded, store *storage.Store) error {
				return a.createClient(command, settings, store, append(args, "")[0], options)
			})
		},
	}
	var about []string
	for _, preset := range presets.All() {
		about = append(about, preset.Name+" ("+preset.About+")")
	}
	command.Flags().StringVar(&options.preset, "for", "", "preset: "+strings.Join(about, ", "))
	command.Flags().StringVar(&options.appURL, "app-url", "", "address of the app, for a preset")
	command.Flags().BoolVar(&options.asJSON, "json", false, "print JSON")
	clientFlags(command.Flags(), &storage.Client{})
	return command
}

func (a *app) createClient(command *cobra.Command, settings *config.Loaded, store *storage.Store, id string, options createOptions) error {
	client, preset, err := begin(id, options)
	if err != nil {
		return err
	}
	if err := givenFlags(command.Flags(), &client); err != nil {
		return err
	}
	client = clients.WithDefaults(client)
	ownID := client.ID != ""
	if !ownID {
		if client.ID, err = oauth.RandomID(a.random, 12); err != nil {
			return err
		}
	}
	var secret storage.Secret
	if clients.UsesSecret(client) {
		if secret, err = a.newSecret(client); err != nil {
			return err
		}
		clients.ReplaceSecret(&client, secret, time.Time{})
	}
	client.CreatedAt = a.now().UTC()
	if err := clients.Validate(client, settings.ClientRules(provider.ClientRules())); err != nil {
		return err
	}
	if configured(settings, client.ID) {
		return fmt.Errorf("client %s stands in the configuration already", client.ID)
	}
	if ownID { // nobody has one that was drawn at random
		if err := a.takenInDirectus(command.Context(), settings, client.ID); err != nil {
			return err
		}
	}
	err = store.Clients.Add(command.Context(), client.ID, client, storage.NoExpiry)
	if errors.Is(err, storage.ErrExists) {
		return fmt.Errorf("client %s exists already; use gatehouse client update, or another id", client.ID)
	}
	if err != nil {
		return err
	}
	a.tellRights(settings, client)
	if options.asJSON {
		shown := describe(client, fromStore)
		shown.Secret = secret.Reveal()
		return printJSON(command.OutOrStdout(), shown)
	}
	return announce(command.OutOrStdout(), settings.Issuer, client, secret, preset)
}

// begin returns the client of the preset, or an empty one.
func begin(id string, options createOptions) (storage.Client, presets.Preset, error) {
	if options.preset == "" {
		if options.appURL != "" {
			return storage.Client{}, presets.Preset{}, errors.New("--app-url needs a preset (--for); otherwise give --redirect-uri")
		}
		return storage.Client{ID: id}, presets.Preset{}, nil
	}
	preset, err := presets.Find(options.preset)
	if err != nil {
		return storage.Client{}, presets.Preset{}, err
	}
	if options.appURL == "" {
		options.appURL = preset.AppURL
	}
	client := preset.Client(options.appURL)
	client.ID = id
	return client, preset, nil
}

func announce(w io.Writer, issuer string, client storage.Client, secret storage.Secret, preset presets.Preset) error {
	fmt.Fprintf(w, "Client %s is registered.\n", client.ID)
	for _, uri := range client.RedirectURIs {
		fmt.Fprintf(w, "redirect_uri:  %s\n", uri)
	}
	if secret != "" {
		fmt.Fprintf(w, "client_secret: %s   (shown only now)\n", secret.Reveal())
	}
	if preset.Name == "" {
		return nil
	}
	scope := "openid profile email"
	if slices.Contains(client.GrantTypes, "refresh_token") && client.Native() {
		scope += " offline_access"
	}
	snippet, err := preset.Snippet(presets.Pasting{
		Issuer: issuer, ClientID: client.ID, Secret: secret.Reveal(), RedirectURI: client.RedirectURIs[0], Scope: scope,
	})
	if err == nil {
		fmt.Fprintf(w, "\nPaste this into the app:\n\n%s", snippet)
	}
	return err
}

func (a *app) clientUpdateCommand() *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use: "update CLIENT_ID", Short: "Change what is given; a list replaces the whole list", Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			return a.withStore(command.Context(), func(settings *config.Loaded, store *storage.Store) error {
				var secret storage.Secret
				client, err := a.changeClient(command.Context(), settings, store, args[0], func(client *storage.Client) (err error) {
					if err := givenFlags(command.Flags(), client); err != nil {
						return err
					}
					secret, err = a.fitSecrets(client)
					return err
				})
				if err != nil {
					return err
				}
				a.tellRights(settings, client)
				if asJSON {
					shown := describe(client, fromStore)
					shown.Secret = secret.Reveal()
					return printJSON(command.OutOrStdout(), shown)
				}
				fmt.Fprintf(command.OutOrStdout(), "Client %s is changed; every node knows within %s.\n", client.ID, clients.CacheFor)
				if secret != "" {
					fmt.Fprintf(command.OutOrStdout(), "Its new secret, shown only now:\n%s\n", secret.Reveal())
				}
				return nil
			})
		},
	}
	command.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	clientFlags(command.Flags(), &storage.Client{})
	return command
}

// fitSecrets makes the secrets of a client fit its method of authentication, and
// returns the new one if it had to make one.
func (a *app) fitSecrets(client *storage.Client) (storage.Secret, error) {
	if !clients.FitSecrets(client) {
		return "", nil
	}
	secret, err := a.newSecret(*client)
	if err != nil {
		return "", err
	}
	clients.ReplaceSecret(client, secret, time.Time{})
	return secret, nil
}
