package doctor

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"gatehouse/provider/claims"
	"gatehouse/storage"
	"gatehouse/storage/directus"
	"gatehouse/storage/directus/prepare"
	"gatehouse/storage/redis"
)

// Severity says how bad a finding is.
type Severity int

// The severities, in rising order.
const (
	OK Severity = iota
	Note
	Warning
	Error
)

func (s Severity) String() string {
	switch s {
	case OK:
		return "ok"
	case Note:
		return "note"
	case Warning:
		return "warning"
	case Error:
		return "error"
	}
	return "unknown"
}

// MarshalText writes the word.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Finding is one thing that was looked at.
type Finding struct {
	Severity Severity `json:"severity"`
	Subject  string   `json:"subject"`
	Detail   string   `json:"detail"`
	// Fix says what to do; empty where nothing needs doing.
	Fix string `json:"fix,omitempty"`
}

// Directus is asked about itself.
type Directus interface {
	Inspect(ctx context.Context) directus.Inspection
	AllowLists(ctx context.Context, urls directus.URLs) (directus.AllowLists, error)
}

// Patient is the installation.
type Patient struct {
	Issuer string
	// Listen is asked for discovery if the issuer itself does not answer.
	Get Getter
	// ReadyURL is the readiness probe of the process on this machine.
	ReadyURL string
	// Store and Keys open and try the store, and look at the keys.
	Store func(ctx context.Context) error
	Keys  func(ctx context.Context) ([]string, error)
	// Directus is nil where there is no token yet.
	Directus Directus
	// DirectusURL and DirectusPublicURL are what is configured.
	DirectusURL, DirectusPublicURL string
	// ServesTLS says that Gatehouse itself has a certificate, and TrustsProxies that
	// somebody's X-Forwarded-For is believed.
	ServesTLS, TrustsProxies bool
	// Durability asks Redis whether records live; nil for the embedded store.
	Durability func(ctx context.Context) ([]redis.Durability, error)
	// AttemptsLimit is directus.attempts_limit.
	AttemptsLimit int
	// Pages are those that Directus's mails will lead to. Empty where this
	// version has none.
	Pages directus.URLs
	// InviteURL is the page that mails which invite are to lead to.
	InviteURL string
	Accounts  AccountSettings
	Clients   ClientSettings
	Events    EventSettings
	// Reads are what the service token has to read.
	Reads []prepare.Right
	// Rules looks at who may use clients, see ClientRules; nil where there is no
	// token yet.
	Rules func(ctx context.Context) []Finding
	// Fields holds the fields of claims against Directus, and Paths says which claims
	// they are of. Fields may be nil.
	Fields func(ctx context.Context) ([]directus.FieldProblem, error)
	Paths  []claims.Path
	// WriteToken asks what directus.write_token may do; nil where there is none.
	WriteToken func(ctx context.Context) (directus.TokenRights, error)
	// Providers are those that Directus offers. It may be nil.
	Providers func(ctx context.Context) ([]storage.ExternalProvider, error)
	// Examine looks as an administrator, also at the role of Accounts.Role; nil
	// where nobody gave credentials.
	Examine func(ctx context.Context) (prepare.Examination, prepare.RoleAccess, error)
	Now     func() time.Time
}

// Examine looks at everything, in order.
func Examine(ctx context.Context, p Patient) []Finding {
	var findings []Finding
	for _, look := range []func(context.Context) []Finding{p.issuer, p.store, p.redis, p.keys, p.directus} {
		findings = append(findings, look(ctx)...)
	}
	if p.Rules != nil {
		findings = append(findings, p.Rules(ctx)...)
	}
	return findings
}

// Worst is the greatest severity among the findings.
func Worst(findings []Finding) Severity {
	worst := OK
	for _, finding := range findings {
		worst = max(worst, finding.Severity)
	}
	return worst
}

// Print writes the findings for people, the worst last, where they are seen.
func Print(w io.Writer, findings []Finding) {
	sorted := slices.Clone(findings)
	slices.SortStableFunc(sorted, func(a, b Finding) int { return int(a.Severity) - int(b.Severity) })
	for _, finding := range sorted {
		fmt.Fprintf(w, "%-7s  %s: %s\n", finding.Severity, finding.Subject, finding.Detail)
		if finding.Fix != "" {
			fmt.Fprintf(w, "         → %s\n", finding.Fix)
		}
	}
}

func (p Patient) store(ctx context.Context) []Finding {
	if err := p.Store(ctx); err != nil {
		return []Finding{{Error, "store", err.Error(), "check that the store runs and that store.sealing_keys are those it was written with"}}
	}
	return []Finding{{Severity: OK, Subject: "store", Detail: "reads, writes and opens what is sealed"}}
}

func (p Patient) keys(ctx context.Context) []Finding {
	current, err := p.Keys(ctx)
	switch {
	case err != nil:
		return []Finding{{Error, "signing keys", err.Error(), "mend the store first; if a sealing key is lost, start with an empty store"}}
	case len(current) == 0:
		return []Finding{{Note, "signing keys", "there are none yet", "gatehouse serve makes them at its first start"}}
	}
	return []Finding{{Severity: OK, Subject: "signing keys", Detail: fmt.Sprintf("signing with %v", current)}}
}
