package main

import (
	"gatehouse/cmd/gatehouse/config"
	"gatehouse/provider"
)

// load reads the configuration as a command needs it.
func (a *app) load(options config.Options) (*config.Loaded, error) {
	options.Path, options.Environment, options.Rules = a.configPath, a.environment, provider.ClientRules()
	return config.Load(options)
}
