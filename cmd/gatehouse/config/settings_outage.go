package config

import "time"

// outageSettings say what happens while Directus does not answer.
func outageSettings() []setting[Config] {
	return []setting[Config]{
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
