package config

import "gatehouse/provider/registration"

// ClientRegistration says which clients may register themselves.
type ClientRegistration struct {
	// Mode is one of registration.Mode.
	Mode string
	// LimitPerHour is for one network, MaxClients for all.
	LimitPerHour, MaxClients int
}

// Settings are those of the endpoint.
func (c ClientRegistration) Settings() registration.Settings {
	return registration.Settings{Mode: registration.Mode(c.Mode), LimitPerHour: c.LimitPerHour, MaxClients: c.MaxClients}
}

func clientRegistrationSettings() []setting[Config] {
	return []setting[Config]{
		{
			key: "client_registration.mode", fallback: string(registration.Off), doc: "Which clients may register themselves at /clients. off: none. token: those with an initial access token, from gatehouse client registration-token. open: any; what people allow such an app is remembered no longer than their session.",
			value: func(c *Config) value {
				return choice(&c.ClientRegistration.Mode, string(registration.Off), string(registration.ByToken), string(registration.Open))
			},
		},
		{
			key: "client_registration.limit_per_hour", fallback: "20", doc: "How many clients may be registered from one network in an hour without a token.",
			value: func(c *Config) value { return number(&c.ClientRegistration.LimitPerHour, 1, 10000) },
		},
		{
			key: "client_registration.max_clients", fallback: "1000", doc: "How many clients that registered themselves there may be at a time. After that only removed ones make room.",
			value: func(c *Config) value { return number(&c.ClientRegistration.MaxClients, 1, 5000) },
		},
	}
}
