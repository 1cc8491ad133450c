package config

import (
	"net/netip"
	"slices"
	"time"

	"gatehouse/provider/account"
	"gatehouse/provider/claims"
	"gatehouse/provider/clients"
	"gatehouse/storage"
)

// Config is the effective configuration: complete, checked, secrets read.
type Config struct {
	Issuer          string
	Listen          string
	TrustedProxies  []netip.Prefix
	ShutdownTimeout time.Duration
	TLS             TLS
	Directus        Directus
	Registration    Registration
	Store           Store
	Tokens          Tokens
	Sessions        Sessions
	// ClientRegistration says which clients may register themselves.
	ClientRegistration ClientRegistration
	// SessionManagement tells apps in the browser whether its sign-in has changed.
	SessionManagement bool
	// PairwiseSecret is empty where every client knows a user by the same sub.
	PairwiseSecret storage.Secret
	Keys           Keys
	Outbound       Outbound
	// Claims and ClaimRules are the map of claims in the short and the long form; see
	// ClaimMap.
	Claims     map[string]string
	ClaimRules map[string]claims.Rule
	// Scopes describes scopes that are not standard ones.
	Scopes   map[string]string
	Throttle Throttle
	Theme    Theme
	// DefaultLanguage is used where a browser asks for none of ours.
	DefaultLanguage   string
	PolicyURI         string
	TermsOfServiceURI string
	HelpURI           string
	Log               Log
	// Clients are valid, have their defaults and distinct ids.
	Clients []storage.Client
	// ClientsCollection is the collection of Directus that further clients stand
	// in, or empty. ClientRights are what its rows cannot say of them: they have an
	// ID, which is none of Clients', and nothing that a row may set.
	ClientsCollection string
	ClientRights      []storage.Client
}

// TLS is a certificate of our own, for use without a proxy.
type TLS struct{ CertFile, KeyFile string }

// Directus is the user store.
type Directus struct {
	URL           string
	Token         storage.Secret
	TokenFile     string
	Timeout       time.Duration
	MaxConcurrent int
	// Staleness is how old a look at a user may be.
	Staleness time.Duration
	// OutageStaleness is how old it may be while Directus does not answer.
	OutageStaleness time.Duration
	// BreakerFailures is after how many failures in a row Directus is left alone
	// for BreakerPause.
	BreakerFailures int
	BreakerPause    time.Duration
	// EndOn are the changes of a user that end what is older than they are.
	EndOn []account.Cause
	// SweepInterval is how often everybody signed in is looked at, zero for never.
	SweepInterval time.Duration
	// WebSocket is one of the choices below, FlowSecret empty where no Flow tells
	// of changes.
	WebSocket  string
	FlowSecret storage.Secret
	// RefreshTokenTTL is REFRESH_TOKEN_TTL of Directus.
	RefreshTokenTTL time.Duration
	// AttemptsLimit is auth_login_attempts of Directus, zero for none.
	AttemptsLimit int
	// EmailVerified is "evidence", "always" or "never".
	EmailVerified        string
	ForwardClientAddress bool
	// WriteToken may create and change users; empty where there is none.
	WriteToken     storage.Secret
	WriteTokenFile string
	// PublicURL is where browsers find Directus.
	PublicURL      string
	ExternalSignIn bool
	// CookieDomain is REFRESH_TOKEN_COOKIE_DOMAIN of Directus, empty for a
	// cookie of its host alone.
	CookieDomain string
	// PasswordPolicy is none, weak, strong or a pattern; passwords.Parse takes it.
	PasswordPolicy string
	// EmailFilter is none or JSON; addresses.Parse takes it.
	EmailFilter string
	// EnforceTFA are the names of the policies that ask for one-time passwords. It
	// is a note: sign-ins ask Directus.
	EnforceTFA []string
	// Pictures is PicturesOn or PicturesOff.
	Pictures string
}

// Whether changes of users are heard by Directus's WebSocket.
const (
	// WebSocketAuto listens where the connection is encrypted or stays on this
	// machine.
	WebSocketAuto = "auto"
	WebSocketOn   = "on"
	WebSocketOff  = "off"
)

// What is done with the pictures of users.
const (
	PicturesOff = "off"
	PicturesOn  = "on"
)

// Registration is who may register, and how.
type Registration struct {
	// Mode is one of the modes below.
	Mode string
	// Role is the id of the role of users that WriteToken creates.
	Role string
}

// The modes of Registration.
const (
	// RegistrationAuto leaves it to the settings of Directus.
	RegistrationAuto = "auto"
	// RegistrationByToken creates users with Directus.WriteToken.
	RegistrationByToken = "service_token"
	RegistrationOff     = "off"
)

// What is said of addresses that Directus itself knows nothing of.
const (
	EmailVerifiedByEvidence = "evidence"
	EmailVerifiedAlways     = "always"
	EmailVerifiedNever      = "never"
)

// Store says where records are kept: Bolt.Path or Redis.Addresses is set.
type Store struct {
	Bolt  Bolt
	Redis Redis
	// SealingKeys are encoded keys, the first of which seals. Empty only for
	// bolt under a loopback issuer, where one is made beside the file.
	SealingKeys []storage.Secret
}

// Bolt is the embedded store.
type Bolt struct{ Path string }

// Redis is one server, a Sentinel group (MasterName) or a Cluster.
type Redis struct {
	Addresses        []string
	MasterName       string
	Cluster          bool
	Username         string
	Password         storage.Secret
	SentinelUsername string
	SentinelPassword storage.Secret
	Database         int
	KeyPrefix        string
	TLS              RedisTLS
}

// RedisTLS encrypts the connection to Redis.
type RedisTLS struct {
	Enabled                               bool
	CAFile, CertFile, KeyFile, ServerName string
}

// Tokens are lifetimes.
type Tokens struct {
	AccessTokenLifetime time.Duration
	IDTokenLifetime     time.Duration
	CodeLifetime        time.Duration
	RequestLifetime     time.Duration
	// RefreshTokenLifetime is how long a refresh token may lie unused.
	RefreshTokenLifetime time.Duration
	// ReplayWindow is how long a rotated refresh token gets its successor again.
	ReplayWindow time.Duration
}

// Sessions are lifetimes of sign-ins.
type Sessions struct {
	Idle, Absolute, RememberedIdle, RememberedAbsolute time.Duration
}

// Keys are those of the issuer.
type Keys struct {
	// Algorithms are signed with, EncryptionAlgorithms encrypted to us by.
	Algorithms, EncryptionAlgorithms []string
	RotateEvery                      time.Duration
	JWKSMaxAge                       time.Duration
}

// Throttle bounds failed sign-ins, and mails.
type Throttle struct {
	// Addresses are failures per address (IPv6: per /64) in a window.
	Addresses     int
	AddressWindow time.Duration
	// RecipientMails and NetworkMails are the mails that may be asked for in
	// MailWindow: to one address of mail, and from one network address.
	RecipientMails, NetworkMails int
	MailWindow                   time.Duration
}

// Theme is how pages look. What is empty is the Directus project's.
type Theme struct {
	ProjectName, PrimaryColor          string
	LogoURI, FaviconURI, BackgroundURI string
	// Note is Markdown.
	Note string
	// Appearance is "auto", "light", "dark" or empty.
	Appearance string
	// Overlay is a folder with templates, styles and catalogues of the operator.
	Overlay string
}

// Log is how and what is logged.
type Log struct{ Level, Format string }

// ClientRules narrows the rules to what is configured: a client may ask for an
// algorithm only if this issuer has keys for it, and for pairwise subjects only if
// there is a secret for them.
func (c *Config) ClientRules(rules clients.Rules) clients.Rules {
	rules.SigningAlgorithms = []string{"RS256"}
	for _, algorithm := range c.Keys.Algorithms {
		if !slices.Contains(rules.SigningAlgorithms, algorithm) {
			rules.SigningAlgorithms = append(rules.SigningAlgorithms, algorithm)
		}
	}
	rules.RequestEncryptionAlgorithms = c.Keys.EncryptionAlgorithms
	if c.PairwiseSecret == "" {
		rules.SubjectTypes = []string{"public"}
	}
	return rules
}
