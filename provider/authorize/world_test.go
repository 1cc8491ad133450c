package authorize_test

import (
	"net/url"
	"testing"

	"gatehouse/provider/providertest"
	"gatehouse/storage"
)

const (
	ada   = "ada@example.com"
	grace = "grace@example.com"
)

func start(t testing.TB, clients ...storage.Client) *providertest.Server {
	t.Helper()
	s := providertest.New(t, providertest.Options{Clients: clients})
	s.AddUser(ada)
	s.AddUser(grace)
	return s
}

// none is a change of parameters that lets nothing be asked.
func none() map[string]string { return map[string]string{"prompt": "none"} }

// handleOf is what names the waiting request on a screen.
func handleOf(t *testing.T, page *providertest.Page) string {
	t.Helper()
	handle := page.URL.Query().Get("request")
	if handle == "" {
		t.Fatalf("%s (%d) is no screen of a request", page.URL, page.Status)
	}
	return handle
}

// sub is whom a code was given for.
func sub(t *testing.T, s *providertest.Server, rp *providertest.RelyingParty, code string) string {
	t.Helper()
	return s.UserInfo(t, rp.Exchange(code).WantOK(t).Text("access_token")).WantOK(t).Text("sub")
}

func add(parameters url.Values, name, value string) url.Values {
	parameters.Add(name, value)
	return parameters
}
