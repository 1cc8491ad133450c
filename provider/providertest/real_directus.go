package providertest

import (
	"context"
	"crypto/rand"
	"slices"
	"testing"
	"time"

	"gatehouse/cmd/gatehouse/rights"
	"gatehouse/provider/claims"
	"gatehouse/storage/directus"
	"gatehouse/storage/directus/prepare"
)

// RealDirectus is one that the test started. Nobody hands a token of it over: a
// provider under test gets the one that gatehouse setup would make for its options,
// with the rights that they need and no others.
type RealDirectus struct {
	URL string
	// Prepare is that of stack.Directus.
	Prepare func(context.Context, prepare.Options) (prepare.Report, error)
	// ClientsCollection is the collection of clients, or empty.
	ClientsCollection string
	// RegistrationRole, if not empty, is that of users whom the provider makes
	// with a WriteToken, instead of Directus's own registration.
	RegistrationRole string
}

// userStore says where the users are, and by which tokens they are read and written.
func (s *Server) userStore(t testing.TB, options Options, releaser *claims.Releaser) directus.Config {
	t.Helper()
	if options.Directus.URL != "" {
		return options.Directus.prepared(t, options, releaser)
	}
	users := directus.Config{BaseURL: s.Directus.URL, ServiceToken: s.Directus.ServiceToken}
	if options.WriteToken {
		users.WriteToken = s.Directus.WriteToken
	}
	if options.ClientRows {
		users.ClientsCollection = clientsCollection
		s.ClientRows = s.Directus.AddCollection(clientsCollection, "client_id")
	}
	return users
}

func (d RealDirectus) prepared(t testing.TB, options Options, releaser *claims.Releaser) directus.Config {
	t.Helper()
	report, err := d.Prepare(t.Context(), prepare.Options{
		Reads: rights.Of(rights.Needs{
			Claims: releaser, Clients: slices.Concat(options.Clients, options.ClientRights),
			ClientsCollection: d.ClientsCollection, Pictures: options.Pictures,
		}),
		ClientsCollection: d.ClientsCollection, Writer: options.WriteToken,
	})
	if err != nil {
		t.Fatalf("prepare Directus: %v", err)
	}
	users := directus.Config{
		BaseURL: d.URL, ServiceToken: report.Token, WriteToken: report.WriteToken, ClientsCollection: d.ClientsCollection,
		RegisterByToken: d.RegistrationRole != "", RegistrationRole: d.RegistrationRole,
	}
	refusePower(t, users)
	return users
}

// refusePower ends a test whose provider would show nothing of the rights that it
// needs, since its token may do more.
func refusePower(t testing.TB, users directus.Config) {
	t.Helper()
	users.Now, users.Random = time.Now, rand.Reader
	client, err := directus.New(users)
	if err != nil {
		t.Fatalf("make Directus client: %v", err)
	}
	may, err := client.TokenRights(t.Context())
	switch {
	case err != nil:
		t.Fatalf("ask what the service token may do: %v", err)
	case may.Valid != directus.Yes:
		t.Fatal("the service token is of no active user")
	case may.Admin != directus.No:
		t.Fatal("the service token is an administrator's, or Directus does not tell: a provider under test gets the one that gatehouse setup makes")
	case len(may.Writes) > 0 || may.AppAccess == directus.Yes:
		t.Fatalf("the service token may write (%v) or use the Studio (%v)", may.Writes, may.AppAccess)
	}
}
