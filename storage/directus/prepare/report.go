package prepare

import (
	"context"
	"fmt"
	"net/netip"
	"net/url"

	"gatehouse/storage"
)

// Report says what was found and done, as far as the run came.
type Report struct {
	// Version of Directus, empty if it does not tell.
	Version string
	Steps   []Step
	// Token is the service token that is valid now; empty after a dry run that
	// would make one.
	Token storage.Secret
	// TokenIsNew says that Token was made by this run and must be stored.
	TokenIsNew bool
	// WriteToken is Token for the writer, if that was asked for.
	WriteToken      storage.Secret
	WriteTokenIsNew bool
	// Rules are those of Directus after the run.
	Rules Rules
	// CustomerRole is the id of the customer role; empty after a dry run that
	// would make it.
	CustomerRole string
	// ClientWriters are who may change the clients in Options.ClientsCollection.
	ClientWriters []RowWriter
	// Environment is what must be set on Directus itself, which nobody can do
	// from outside.
	Environment []Variable
}

// Step is one thing that was looked at.
type Step struct {
	// Name is the thing, such as "service user".
	Name   string
	State  State
	Detail string
}

// State is what became of a Step.
type State string

// The states.
const (
	// Kept was as it should be.
	Kept State = "kept"
	// Done was made or changed.
	Done State = "done"
	// WouldDo would be made or changed if this were no dry run.
	WouldDo State = "would do"
	// Attention is for a person to decide; nothing was changed.
	Attention State = "attention"
)

// Variable is one variable of Directus's environment.
type Variable struct {
	Name, Value string
}

func environment(options Options) []Variable {
	var variables []Variable
	for _, variable := range []Variable{
		{"PASSWORD_RESET_URL_ALLOW_LIST", options.ResetURL},
		{"USER_REGISTER_URL_ALLOW_LIST", options.VerifyURL},
		{"USER_INVITE_URL_ALLOW_LIST", options.InviteURL},
		// An address, never "true": with that, Directus believes whatever
		// address a stranger writes first into X-Forwarded-For.
		{"IP_TRUST_PROXY", options.GatehouseAddress},
		{"AUTH_<PROVIDER>_REDIRECT_ALLOW_LIST", options.ExternalURL},
		{"REFRESH_TOKEN_COOKIE_DOMAIN", options.CookieDomain},
		{"SESSION_COOKIE_DOMAIN", options.CookieDomain},
	} {
		if variable.Value != "" {
			variables = append(variables, variable)
		}
	}
	if options.Flow != nil && ownMachine(options.Flow.URL) {
		// By default Flows reach no address of Directus's own machine. What stays
		// denied is the metadata service of clouds.
		variables = append(variables, Variable{"IMPORT_IP_DENY_LIST", "169.254.169.254"})
	}
	return variables
}

func ownMachine(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return u.Hostname() == "localhost" || err == nil && ip.IsLoopback()
}

const enforcementName = "one-time passwords"

// reportRules reads what the configuration of Gatehouse has to repeat.
func (p *preparation) reportRules(ctx context.Context) error {
	found, err := p.rules(ctx)
	if p.options.AttemptsOff { // or will be, after a dry run
		found.AttemptsLimit = 0
	}
	p.report.Rules = found
	return err
}

// enforcements names who cannot do what a policy asks of him. No policy is ever
// changed for it.
func (p *preparation) enforcements(ctx context.Context) error {
	found, err := p.cannotEnrol(ctx)
	for _, enforcement := range found {
		p.step(enforcementName, Attention, fmt.Sprintf("the policy %q asks %s for one, who may not set it up: such people cannot sign in", enforcement.Policy, enforcement.Holder))
	}
	return err
}
