package providertest

import (
	"testing"

	"gatehouse/storage/directus/directustest"
)

// Mail is the last mail to an address that Directus sent by a template of its
// own, such as directustest.ResetMail; none ends the test.
func (s *Server) Mail(t testing.TB, template, to string) directustest.Mail {
	t.Helper()
	mail, ok := s.Directus.LastMail(template, to)
	if !ok {
		t.Fatalf("no mail %s to %s", template, to)
	}
	return mail
}
