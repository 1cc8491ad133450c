package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"gatehouse/cmd/gatehouse/config"
)

func (a *app) configCommand() *cobra.Command {
	return group(
		"config", "Check and show the configuration",
		&cobra.Command{
			Use: "validate", Short: "Report everything that is wrong with the configuration", Args: cobra.NoArgs,
			RunE: func(command *cobra.Command, _ []string) error {
				loaded, err := a.load(config.Options{})
				if err != nil {
					return err
				}
				source := loaded.Path
				if source == "" {
					source = "the environment"
				}
				fmt.Fprintf(command.OutOrStdout(), "The configuration in %s is valid.\n", source)
				return nil
			},
		},
		&cobra.Command{
			Use: "show", Short: "Print what holds and where it comes from, secrets redacted", Args: cobra.NoArgs,
			RunE: func(command *cobra.Command, _ []string) error {
				loaded, err := a.load(config.Options{})
				if err != nil {
					return err
				}
				return loaded.Show(command.OutOrStdout())
			},
		},
		&cobra.Command{
			Use: "schema", Short: "Print the JSON Schema of the configuration file", Args: cobra.NoArgs,
			RunE: func(command *cobra.Command, _ []string) error {
				schema, err := config.Schema()
				if err != nil {
					return err
				}
				_, err = fmt.Fprintf(command.OutOrStdout(), "%s\n", schema)
				return err
			},
		},
	)
}
