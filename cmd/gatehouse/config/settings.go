package config

import (
	"strings"
	"time"

	"gatehouse/provider/account"
	"gatehouse/storage"
)

// setting is one row of a table: everything there is to know about one key.
type setting[T any] struct {
	// key is dotted; each dot is a level of the file.
	key string
	// doc is one or two sentences for operators.
	doc string
	// fallback is the default as it would be written; empty for none.
	fallback string
	// secret values are never shown, and can be named by a file (key_file).
	secret bool
	value  func(*T) value
}

// variable is the name of the environment variable of a key.
func variable(key string) string {
	return "GATEHOUSE_" + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
}

const (
	day  = 24 * time.Hour
	year = 365 * day
)

// fileSuffix makes the key of the file that holds a secret.
const fileSuffix = "_file"

// The keys of the settings that are trees; claims.go and trees.go read them.
const (
	claimsKey  = "claims"
	scopesKey  = "scopes"
	clientsKey = "clients"
)

func settings() []setting[Config] {
	var all []setting[Config]
	for _, group := range [][]setting[Config]{serverSettings(), directusSettings(), outageSettings(), peopleSettings(), storeSettings(), protocolSettings(), clientRegistrationSettings(), clientsCollectionSettings(), outboundSettings(), limitSettings(), pageSettings()} {
		all = append(all, group...)
	}
	return all
}

func serverSettings() []setting[Config] {
	return []setting[Config]{
		{
			key: "issuer", doc: "The address that clients know this provider by, exactly as it stands in tokens. https, or http on a loopback host. Never derived from a request.",
			value: func(c *Config) value { return text(&c.Issuer) },
		},
		{
			key: "listen", fallback: "127.0.0.1:8080", doc: "Host and port to listen on. In a container, :8080.",
			value: func(c *Config) value { return text(&c.Listen) },
		},
		{
			key: "trusted_proxies", doc: "Networks of the reverse proxies whose X-Forwarded-For is believed. From anybody else the header is ignored.",
			value: func(c *Config) value { return prefixes(&c.TrustedProxies) },
		},
		{
			key: "shutdown_timeout", fallback: "20s", doc: "How long requests under way may take after a stop was asked for.",
			value: func(c *Config) value { return duration(&c.ShutdownTimeout, 0, time.Hour) },
		},
		{
			key: "tls.cert_file", doc: "Certificate chain (PEM), to speak TLS without a proxy.",
			value: func(c *Config) value { return path(&c.TLS.CertFile) },
		},
		{
			key: "tls.key_file", doc: "Private key (PEM) of the certificate.",
			value: func(c *Config) value { return path(&c.TLS.KeyFile) },
		},
		{
			key: "log.level", fallback: "info", doc: "The least important lines that are logged.",
			value: func(c *Config) value { return choice(&c.Log.Level, "debug", "info", "warn", "error") },
		},
		{
			key: "log.format", fallback: "json", doc: "json for machines, text for people.",
			value: func(c *Config) value { return choice(&c.Log.Format, "json", "text") },
		},
	}
}

func directusSettings() []setting[Config] {
	return []setting[Config]{
		{
			key: "directus.url", doc: "Where Directus lives, as seen from here. It may have a path.",
			value: func(c *Config) value { return text(&c.Directus.URL) },
		},
		{
			key: "directus.token", secret: true, doc: "Static token of the least-privilege service user that gatehouse setup makes.",
			value: func(c *Config) value { return text(&c.Directus.Token) },
		},
		{
			key: "directus.timeout", fallback: "10s", doc: "Longest wait for one answer of Directus.",
			value: func(c *Config) value { return duration(&c.Directus.Timeout, 100*time.Millisecond, 5*time.Minute) },
		},
		{
			key: "directus.max_concurrent", fallback: "32", doc: "Most requests to Directus at a time, per node.",
			value: func(c *Config) value { return number(&c.Directus.MaxConcurrent, 1, 10_000) },
		},
		{
			key: "directus.staleness", fallback: "60s", doc: "How old the last look at a user may be when tokens are refreshed or claims are asked for. A suspended user is cut off after this time at the latest.",
			value: func(c *Config) value { return duration(&c.Directus.Staleness, 0, day) },
		},
		{
			key: "directus.end_on", fallback: "email,role,password", doc: "Which changes of a user in Directus end the sessions and grants that are older: email, role, password. A user who is suspended, archived, deleted or otherwise not active loses them in any case.",
			value: func(c *Config) value { return choices(&c.Directus.EndOn, account.Choices()...) },
		},
		{
			key: "directus.sweep_interval", fallback: "60s", doc: "How often one node looks at every user who has a session or grant; 0s for never. It finds what no event tells of, such as a lock-out, also where nobody uses the session.",
			value: func(c *Config) value { return duration(&c.Directus.SweepInterval, 0, day) },
		},
		{
			key: webSocketKey, fallback: WebSocketAuto, doc: "Hear of changes of users at once, by Directus's WebSocket (WEBSOCKETS_ENABLED). auto: if directus.url has https or is on this machine. on: refuse to start otherwise. off: never.",
			value: func(c *Config) value {
				return choice(&c.Directus.WebSocket, WebSocketAuto, WebSocketOn, WebSocketOff)
			},
		},
		{
			key: flowSecretKey, secret: true, doc: "Secret of the Flow in Directus that tells of changes of users at /directus/events, 32 bytes or more (openssl rand -base64 32); gatehouse setup makes the Flow. Without it there is no such endpoint.",
			value: func(c *Config) value { return text(&c.Directus.FlowSecret) },
		},
		{
			key: "directus.refresh_token_ttl", fallback: "7d", doc: "REFRESH_TOKEN_TTL as set in Directus, if some client may have Directus tokens: kept sessions are refreshed before half of it has passed.",
			value: func(c *Config) value { return duration(&c.Directus.RefreshTokenTTL, time.Hour, year) },
		},
		{
			key: "directus.attempts_limit", fallback: "25", doc: "auth_login_attempts as set in Directus, 0 where it is switched off there. Failed sign-ins stay at least 5 below it.",
			value: func(c *Config) value { return number(&c.Directus.AttemptsLimit, 0, 1_000_000) },
		},
		{
			key: "directus.email_verified", fallback: EmailVerifiedByEvidence, doc: "What the claim email_verified says; Directus itself does not know. evidence: true for addresses that were proven by a mail that led here. always only if every address was proven.",
			value: func(c *Config) value {
				return choice(&c.Directus.EmailVerified, EmailVerifiedByEvidence, EmailVerifiedAlways, EmailVerifiedNever)
			},
		},
		{
			key: "directus.forward_client_address", fallback: "true", doc: "Send the person's address to Directus as X-Forwarded-For. Directus believes it if IP_TRUST_PROXY names our address.",
			value: func(c *Config) value { return yesNo(&c.Directus.ForwardClientAddress) },
		},
	}
}

func storeSettings() []setting[Config] {
	redis := func(key, doc, fallback string, bind func(*Redis) value) setting[Config] {
		return setting[Config]{key: "store.redis." + key, doc: doc, fallback: fallback, value: func(c *Config) value { return bind(&c.Store.Redis) }}
	}
	password := redis("password", "Password at Redis.", "", func(r *Redis) value { return text(&r.Password) })
	sentinel := redis("sentinel_password", "Password at the Sentinels.", "", func(r *Redis) value { return text(&r.SentinelPassword) })
	password.secret, sentinel.secret = true, true
	return []setting[Config]{
		{
			key: "store.bolt.path", doc: "File of the embedded store, for one machine. Implied, in the data folder of the user, where the issuer is a loopback address and no store is named.",
			value: func(c *Config) value { return path(&c.Store.Bolt.Path) },
		},
		redis("addresses", "host:port of the server, of the Sentinels, or of some Cluster nodes.", "", func(r *Redis) value { return texts(&r.Addresses) }),
		redis("master_name", "Name of the Sentinel group; the addresses are then Sentinels.", "", func(r *Redis) value { return text(&r.MasterName) }),
		redis("cluster", "The addresses are nodes of a Redis Cluster.", "false", func(r *Redis) value { return yesNo(&r.Cluster) }),
		redis("username", "ACL user at Redis.", "", func(r *Redis) value { return text(&r.Username) }),
		password,
		redis("sentinel_username", "ACL user at the Sentinels.", "", func(r *Redis) value { return text(&r.SentinelUsername) }),
		sentinel,
		redis("database", "Number of the database; a Cluster has only 0.", "0", func(r *Redis) value { return number(&r.Database, 0, 1_000_000) }),
		redis("key_prefix", "Put before every key, for a Redis that is shared.", "gatehouse:", func(r *Redis) value { return text(&r.KeyPrefix) }),
		redis("tls.enabled", "Encrypt the connection to Redis.", "false", func(r *Redis) value { return yesNo(&r.TLS.Enabled) }),
		redis("tls.ca_file", "Authorities (PEM) that sign Redis's certificate; the system's otherwise.", "", func(r *Redis) value { return path(&r.TLS.CAFile) }),
		redis("tls.cert_file", "Certificate (PEM) that Redis asks of clients.", "", func(r *Redis) value { return path(&r.TLS.CertFile) }),
		redis("tls.key_file", "Private key (PEM) of that certificate.", "", func(r *Redis) value { return path(&r.TLS.KeyFile) }),
		redis("tls.server_name", "Name that Redis's certificate must have, if not that of the address.", "", func(r *Redis) value { return text(&r.TLS.ServerName) }),
		{
			key: "store.sealing_keys", secret: true, doc: "Keys of 32 bytes (base64 or hex; make one with: openssl rand -base64 32) that encrypt what is stored. The first seals, all of them open. In a file, one a line.",
			value: func(c *Config) value { return texts[storage.Secret](&c.Store.SealingKeys) },
		},
	}
}

func protocolSettings() []setting[Config] {
	return []setting[Config]{
		{
			key: "tokens.access_token_lifetime", fallback: "10m", doc: "Lifetime of access tokens.",
			value: func(c *Config) value { return duration(&c.Tokens.AccessTokenLifetime, 10*time.Second, day) },
		},
		{
			key: "tokens.id_token_lifetime", fallback: "1h", doc: "Lifetime of ID tokens.",
			value: func(c *Config) value { return duration(&c.Tokens.IDTokenLifetime, 10*time.Second, day) },
		},
		{
			key: "tokens.code_lifetime", fallback: "60s", doc: "Lifetime of authorization codes.",
			value: func(c *Config) value { return duration(&c.Tokens.CodeLifetime, time.Second, 10*time.Minute) },
		},
		{
			key: "tokens.request_lifetime", fallback: "1h", doc: "How long a person may take between the app and the way back to it.",
			value: func(c *Config) value { return duration(&c.Tokens.RequestLifetime, time.Minute, day) },
		},
		{
			key: "tokens.refresh_token_lifetime", fallback: "30d", doc: "How long a refresh token may lie unused. Without offline_access it ends with its session in any case.",
			value: func(c *Config) value { return duration(&c.Tokens.RefreshTokenLifetime, time.Minute, 5*year) },
		},
		{
			key: "tokens.replay_window", fallback: "30s", doc: "How long a rotated refresh token still gets the same successor, for apps whose answer was lost or that refresh in several tabs.",
			value: func(c *Config) value { return duration(&c.Tokens.ReplayWindow, 0, 5*time.Minute) },
		},
		{
			key: "sessions.idle", fallback: "12h", doc: "An unused sign-in ends after this time.",
			value: func(c *Config) value { return duration(&c.Sessions.Idle, time.Minute, year) },
		},
		{
			key: "sessions.absolute", fallback: "1d", doc: "Every sign-in ends after this time.",
			value: func(c *Config) value { return duration(&c.Sessions.Absolute, time.Minute, year) },
		},
		{
			key: "sessions.remembered_idle", fallback: "30d", doc: "sessions.idle where a person chose to stay signed in.",
			value: func(c *Config) value { return duration(&c.Sessions.RememberedIdle, time.Minute, year) },
		},
		{
			key: "sessions.remembered_absolute", fallback: "180d", doc: "sessions.absolute where a person chose to stay signed in.",
			value: func(c *Config) value { return duration(&c.Sessions.RememberedAbsolute, time.Minute, year) },
		},
		{
			key: "session_management", fallback: "false", doc: "Let apps ask in the browser whether its sign-in has changed (OpenID Connect Session Management 1.0). Browsers that keep cookies of frames apart tell such apps at every question that it has.",
			value: func(c *Config) value { return yesNo(&c.SessionManagement) },
		},
		{
			key: pairwiseKey, secret: true, doc: "At least 32 bytes (make them with: openssl rand -base64 32) that lets clients have subject_type: pairwise: each app, or group of apps, knows a person by another sub. It must never change, or every such app takes its users for strangers.",
			value: func(c *Config) value { return text(&c.PairwiseSecret) },
		},
	}
}

func limitSettings() []setting[Config] {
	return []setting[Config]{
		{
			key: "keys.algorithms", fallback: "RS256,ES256,PS256,EdDSA", doc: "Algorithms that a client may have tokens signed with. RS256 is always among them.",
			value: func(c *Config) value { return texts(&c.Keys.Algorithms) },
		},
		{
			key: "keys.encryption_algorithms", fallback: "RSA-OAEP-256,ECDH-ES", doc: "Algorithms by which a client may encrypt request objects to Gatehouse, out of RSA-OAEP-256, RSA-OAEP, ECDH-ES, ECDH-ES+A128KW, ECDH-ES+A256KW.",
			value: func(c *Config) value { return texts(&c.Keys.EncryptionAlgorithms) },
		},
		{
			key: "keys.rotate_every", fallback: "90d", doc: "How long a key is used.",
			value: func(c *Config) value { return duration(&c.Keys.RotateEvery, time.Minute, 5*year) },
		},
		{
			key: "keys.jwks_max_age", fallback: "1h", doc: "How long clients may cache the key set, and so how long a key is published before it signs.",
			value: func(c *Config) value { return duration(&c.Keys.JWKSMaxAge, time.Second, 7*day) },
		},
		{
			key: "throttle.addresses", fallback: "100", doc: "Failed sign-ins from one address (IPv6: one /64) in throttle.address_window.",
			value: func(c *Config) value { return number(&c.Throttle.Addresses, 1, 1_000_000) },
		},
		{
			key: "throttle.address_window", fallback: "15m", doc: "The time in which failures of an address are counted.",
			value: func(c *Config) value { return duration(&c.Throttle.AddressWindow, time.Second, day) },
		},
		{
			key: "throttle.recipient_mails", fallback: "3", doc: "Mails of a kind that one person is sent in throttle.mail_window, whoever asks for them. More are left out, unsaid.",
			value: func(c *Config) value { return number(&c.Throttle.RecipientMails, 1, 1_000_000) },
		},
		{
			key: "throttle.network_mails", fallback: "30", doc: "Mails that may be asked for from one address (IPv6: one /64) in throttle.mail_window.",
			value: func(c *Config) value { return number(&c.Throttle.NetworkMails, 1, 1_000_000) },
		},
		{
			key: "throttle.mail_window", fallback: "1h", doc: "The time in which mails are counted.",
			value: func(c *Config) value { return duration(&c.Throttle.MailWindow, time.Second, day) },
		},
	}
}

func pageSettings() []setting[Config] {
	return []setting[Config]{
		{
			key: "theme.project_name", doc: "Name on every page; that of the Directus project otherwise.",
			value: func(c *Config) value { return text(&c.Theme.ProjectName) },
		},
		{
			key: "theme.logo_uri", doc: "Logo on every page (https); that of the Directus project otherwise.",
			value: func(c *Config) value { return text(&c.Theme.LogoURI) },
		},
		{
			key: "theme.favicon_uri", doc: "Icon of the browser's tab (https); that of the Directus project otherwise.",
			value: func(c *Config) value { return text(&c.Theme.FaviconURI) },
		},
		{
			key: "theme.background_uri", doc: "Picture behind the pages on wide screens (https); that of the Directus project otherwise.",
			value: func(c *Config) value { return text(&c.Theme.BackgroundURI) },
		},
		{
			key: "theme.note", doc: "Note on the sign-in page, in Markdown; that of the Directus project otherwise.",
			value: func(c *Config) value { return text(&c.Theme.Note) },
		},
		{
			key: "theme.primary_color", doc: "Colour of the buttons, as #rrggbb; that of the Directus project otherwise. Its text turns black or white, whichever can be read.",
			value: func(c *Config) value { return text(&c.Theme.PrimaryColor) },
		},
		{
			key: "theme.appearance", doc: "light, dark, or auto to follow the browser; that of the Directus project otherwise.",
			value: func(c *Config) value { return choice(&c.Theme.Appearance, "auto", "light", "dark") },
		},
		{
			key: "theme.overlay", doc: "Folder whose templates/, static/custom.css and locales/ are laid over ours.",
			value: func(c *Config) value { return path(&c.Theme.Overlay) },
		},
		{
			key: "default_language", doc: "Language where the browser asks for none that we have; that of the Directus project otherwise, or English.",
			value: func(c *Config) value { return text(&c.DefaultLanguage) },
		},
		{
			key: "policy_uri", doc: "Privacy policy, linked from every page.",
			value: func(c *Config) value { return text(&c.PolicyURI) },
		},
		{
			key: "tos_uri", doc: "Terms of service, linked from every page.",
			value: func(c *Config) value { return text(&c.TermsOfServiceURI) },
		},
		{
			key: "help_uri", doc: "Where people find help, linked from pages that cannot.",
			value: func(c *Config) value { return text(&c.HelpURI) },
		},
	}
}
