package config

import "time"

// outageSettings say what happens while Directus does not answer.
func outageSettings() []setting[Config] {
	return []setting[Config]{
		{
			key: "directus.outage_staleness", fallback: "5m", doc: "How old the last look at a user may be while Directus does not answer: so long people who are signed in go on. 0 for no longer than directus.staleness.",
			value: func(c *Config) value { return duration(&c.Directus.OutageStaleness, 0, day) },
		},
		{
			key: "directus.breaker_failures", fallback: "5", doc: "After how many requests in a row without an answer Directus is left alone: requests to it then fail at once instead of waiting. An answer is whatever Directus itself says, but that it is under pressure (503).",
			value: func(c *Config) value { return number(&c.Directus.BreakerFailures, 1, 1000) },
		},
		{
			key: "directus.breaker_pause", fallback: "10s", doc: "How long Directus is left alone. After that one request tries; if it gets an answer, everything goes on, else the next pause begins.",
			value: func(c *Config) value { return duration(&c.Directus.BreakerPause, time.Second, 10*time.Minute) },
		},
	}
}
