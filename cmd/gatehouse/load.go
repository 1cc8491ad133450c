package main

import (
	"gatehouse/cmd/gatehouse/config"
	"gatehouse/keys"
	"gatehouse/provider"
	"gatehouse/provider/clientauth"
	"gatehouse/provider/clients"
	"gatehouse/provider/oauth"
)

// load reads the configuration as a command needs it.
func (a *app) load(options config.Options) (*config.Loaded, error) {
	options.Path, options.Environment, options.Rules = a.configPath, a.environment, clientRules()
	return config.Load(options)
}

// clientRules come from the tables that the endpoints run on.
func clientRules() clients.Rules {
	return clients.Rules{
		GrantTypes:          provider.GrantTypes(),
		ResponseTypes:       oauth.ResponseTypes(),
		AuthMethods:         names(clientauth.Methods()),
		SigningAlgorithms:   names(keys.Algorithms()),
		AssertionAlgorithms: names(clientauth.SigningAlgorithms()),
	}
}

func names[S ~string](values []S) []string {
	all := make([]string, len(values))
	for i, value := range values {
		all[i] = string(value)
	}
	return all
}
