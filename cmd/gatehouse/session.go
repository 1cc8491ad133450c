package main

import (
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"gatehouse/cmd/gatehouse/config"
	"gatehouse/provider/desk"
	"gatehouse/provider/session"
	"gatehouse/provider/token"
	"gatehouse/storage"
)

func (a *app) sessionCommand() *cobra.Command {
	return group("session", "See and end the sessions of a person, also while gatehouse serves", a.sessionListCommand(), a.sessionRevokeCommand())
}

// shownSession is a session as it is printed. Its own id stays inside: what apps
// know it by is derived from it. The name is the one that stands in the log.
type shownSession struct {
	Session         string    `json:"session"`
	Subject         string    `json:"sub"`
	AuthenticatedAt time.Time `json:"auth_time"`
	LastSeen        time.Time `json:"last_seen"`
	ClientAddress   string    `json:"client_address,omitempty"`
	UserAgent       string    `json:"user_agent,omitempty"`
	Apps            []string  `json:"apps,omitempty"`
}

func (a *app) sessionListCommand() *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use: "list USER_ID", Short: "List the sessions of a user", Args: cobra.ExactArgs(1),
		Long: "Lists the sessions of a user, whose id is that of Directus, the latest used first. APPS are those that hear of\n" +
			"the end of the session.",
		RunE: func(command *cobra.Command, args []string) error {
			return a.withStore(command.Context(), func(settings *config.Loaded, store *storage.Store) error {
				manager, err := a.sessions(settings, store)
				if err != nil {
					return err
				}
				sessions, err := manager.List(command.Context(), args[0])
				if err != nil {
					return err
				}
				shown := make([]shownSession, 0, len(sessions))
				for _, s := range sessions {
					shown = append(shown, showSession(s))
				}
				if asJSON {
					return printJSON(command.OutOrStdout(), shown)
				}
				table := tabwriter.NewWriter(command.OutOrStdout(), 0, 0, 2, ' ', 0)
				fmt.Fprintln(table, "SESSION\tSIGNED IN\tLAST SEEN\tADDRESS\tAPPS")
				for _, s := range shown {
					fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%d\n", s.Session, s.AuthenticatedAt.UTC().Format(time.RFC3339), s.LastSeen.UTC().Format(time.RFC3339), s.ClientAddress, len(s.Apps))
				}
				return table.Flush()
			})
		},
	}
	command.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return command
}

func showSession(s storage.Session) shownSession {
	shown := shownSession{
		Session: digestOf(s.ID), Subject: s.Subject, AuthenticatedAt: s.AuthenticatedAt, LastSeen: s.LastSeen,
		ClientAddress: s.ClientAddress, UserAgent: s.UserAgent,
	}
	for _, participant := range s.Participants {
		shown.Apps = append(shown.Apps, participant.ClientID)
	}
	return shown
}

func (a *app) sessionRevokeCommand() *cobra.Command {
	var user string
	command := &cobra.Command{
		Use: "revoke SESSION | --user USER_ID", Short: "End one session, or everything of a user", Args: cobra.MaximumNArgs(1),
		Long: "Ends a session, named as session list and the log name it, or with --user every session and grant of a user.\n" +
			"Apps that want to hear of it are told by the gatehouse that serves, a few seconds later.",
		RunE: func(command *cobra.Command, args []string) error {
			if (len(args) == 1) == (user != "") {
				return errors.New("name a session, or a user with --user")
			}
			return a.withStore(command.Context(), func(settings *config.Loaded, store *storage.Store) error {
				manager, err := a.sessions(settings, store)
				if err != nil {
					return err
				}
				ender := desk.NewEnder(manager, token.NewRevoker(store, nil, audit{logger: a.logger(settings)}))
				if user == "" {
					return revokeSession(command, store, ender, args[0])
				}
				return revokeUser(command, manager, ender, user)
			})
		},
	}
	command.Flags().StringVar(&user, "user", "", "end every session and grant of this user")
	return command
}

const revoked = "revoked by an operator"

func revokeSession(command *cobra.Command, store *storage.Store, ender *desk.Ender, name string) error {
	for record, err := range store.Sessions.All(command.Context()) {
		if err != nil {
			return err
		}
		if digestOf(record.Value.ID) != name || record.Value.Ended {
			continue
		}
		if err := ender.EndSession(command.Context(), record.Value.Subject, record.Value.ID, revoked); err != nil {
			return err
		}
		_, err := fmt.Fprintf(command.OutOrStdout(), "Session %s of user %s has ended.\n", name, record.Value.Subject)
		return err
	}
	return fmt.Errorf("there is no session %s; gatehouse session list names those of a user", name)
}

func revokeUser(command *cobra.Command, manager *session.Manager, ender *desk.Ender, user string) error {
	sessions, err := manager.List(command.Context(), user)
	if err != nil {
		return err
	}
	if err := ender.EndUser(command.Context(), user, revoked); err != nil {
		return err
	}
	_, err = fmt.Fprintf(command.OutOrStdout(), "%d sessions and every grant of user %s have ended.\n", len(sessions), user)
	return err
}

// sessions ends them as serving does, so that their apps hear of it.
func (a *app) sessions(settings *config.Loaded, store *storage.Store) (*session.Manager, error) {
	return session.NewManager(session.Config{
		Store: store, Cookies: session.NewCookies(settings.Issuer), Lifetimes: sessionLifetimes(settings),
		Now: a.now, Random: a.random, Sink: audit{logger: a.logger(settings)},
	})
}

func sessionLifetimes(settings *config.Loaded) session.Lifetimes {
	return session.Lifetimes{
		Idle: settings.Sessions.Idle, Absolute: settings.Sessions.Absolute,
		RememberedIdle: settings.Sessions.RememberedIdle, RememberedAbsolute: settings.Sessions.RememberedAbsolute,
	}
}

func tokenLifetimes(settings *config.Loaded) token.Lifetimes {
	return token.Lifetimes{
		Code: settings.Tokens.CodeLifetime, AccessToken: settings.Tokens.AccessTokenLifetime, IDToken: settings.Tokens.IDTokenLifetime,
		RefreshToken: settings.Tokens.RefreshTokenLifetime, ReplayWindow: settings.Tokens.ReplayWindow,
	}
}
