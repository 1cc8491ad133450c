package main

import (
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"gatehouse/cmd/gatehouse/config"
	"gatehouse/storage"
)

func (a *app) clientDeliveriesCommand() *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use: "deliveries CLIENT_ID", Short: "Say how telling a client of the end of sessions went", Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			return a.withStore(command.Context(), func(_ *config.Loaded, store *storage.Store) error {
				attempts := []storage.DeliveryAttempt{}
				record, err := store.DeliveryLogs.Get(command.Context(), args[0])
				if err != nil && !errors.Is(err, storage.ErrNotFound) {
					return err
				}
				if err == nil {
					attempts = record.Value.Attempts
				}
				if asJSON {
					return printJSON(command.OutOrStdout(), attempts)
				}
				table := tabwriter.NewWriter(command.OutOrStdout(), 0, 0, 2, ' ', 0)
				fmt.Fprintln(table, "AT\tATTEMPT\tSTATUS\tOUTCOME")
				for _, attempt := range attempts {
					fmt.Fprintf(table, "%s\t%d\t%s\t%s\n", attempt.At.UTC().Format(time.RFC3339), attempt.Number, statusOf(attempt), outcomeOf(attempt))
				}
				return table.Flush()
			})
		},
	}
	command.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return command
}

func statusOf(attempt storage.DeliveryAttempt) string {
	if attempt.Status == 0 {
		return "-"
	}
	return fmt.Sprint(attempt.Status)
}

func outcomeOf(attempt storage.DeliveryAttempt) string {
	switch {
	case attempt.Problem == "":
		return "delivered"
	case attempt.GivenUp:
		return attempt.Problem + "; given up"
	}
	return attempt.Problem
}
