package prepare

import (
	"errors"
	"io"
	"net/http"
	"time"

	"gatehouse/storage"
)

// Names that things get in Directus, and are found by again.
const (
	ServiceName         = "Gatehouse service"
	DefaultCustomerRole = "Customer"
)

const defaultTimeout = 30 * time.Second

// Options say what to prepare. BaseURL, AdminEmail, AdminPassword and Random
// are required.
type Options struct {
	BaseURL string
	// Transport and Timeout are those of the requests; both may be left out.
	Transport http.RoundTripper
	Timeout   time.Duration

	// The administrator, for this run only.
	AdminEmail    string
	AdminPassword storage.Secret
	AdminOTP      storage.Secret

	// Token is the service token that is in use so far, if any. It is kept if
	// it is the service user's, unless RotateToken asks for a new one.
	Token       storage.Secret
	RotateToken bool

	// Reads are what the service reads, BaseReads if empty. It gets these rights and
	// no others: what it has beyond them is taken away.
	Reads []Right

	// Writer makes a second user whose token may create and change users.
	// WriteToken is its token so far, if any; RotateToken is meant for it too.
	Writer     bool
	WriteToken storage.Secret

	// ClientsCollection is the collection that clients stand in, which is made if
	// there is none; empty for none. ClientChoices are what its fields offer, by
	// name.
	ClientsCollection string
	ClientChoices     map[string][]string

	// Flow, if not nil, is made in Directus and tells us of changes of users.
	Flow *Flow

	// CustomerRole is the name of the role for people who sign up;
	// DefaultCustomerRole if empty.
	CustomerRole string
	// Registration is left as it is if nil.
	Registration *Registration
	// AttemptsOff turns Directus's own lock-out off, for Directuses whose only
	// entrance is Gatehouse.
	AttemptsOff bool

	// URLs of our pages and our address as Directus sees it, for the variables
	// that must be set on Directus. Empty ones are left out.
	ResetURL         string
	VerifyURL        string
	InviteURL        string
	GatehouseAddress string
	// CookieDomain is a domain above Directus and Gatehouse, where people sign
	// in with providers of Directus; ExternalURL is where they come back to.
	CookieDomain string
	ExternalURL  string

	// TryForwarding lets Examine find out whose word Directus takes for where a
	// person is.
	TryForwarding bool

	// DryRun reads and writes nothing.
	DryRun bool
	Random io.Reader

	// header is sent when the administrator signs in.
	header http.Header
}

// Registration is the public registration of Directus.
type Registration struct {
	// Open lets people register, with the customer role.
	Open bool
	// VerifyEmail asks them to prove their address.
	VerifyEmail bool
}

func (o Options) check() error {
	switch {
	case o.AdminEmail == "":
		return errors.New("prepare directus: no administrator's e-mail")
	case o.AdminPassword == "":
		return errors.New("prepare directus: no administrator's password")
	case o.Random == nil:
		return errors.New("prepare directus: no source of randomness")
	}
	return nil
}
