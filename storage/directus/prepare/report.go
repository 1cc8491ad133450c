package prepare

import "gatehouse/storage"

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
	// CustomerRole is the id of the customer role; empty after a dry run that
	// would make it.
	CustomerRole string
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
	} {
		if variable.Value != "" {
			variables = append(variables, variable)
		}
	}
	return variables
}
