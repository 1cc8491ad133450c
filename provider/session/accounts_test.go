package session_test

import (
	"fmt"
	"testing"

	"gatehouse/provider/providertest"
)

// What falls out of the cookie could never be signed out of again.
func TestAccountThatFindsNoRoomInTheBrowserIsSignedOut(t *testing.T) {
	s := providertest.New(t, providertest.Options{})
	rp, browser := s.Second(t), s.NewBrowser(t)
	var subjects []string
	for number := range 5 {
		email := fmt.Sprintf("person%d@example.com", number)
		subjects = append(subjects, s.AddUser(email))
		browser.SignIn(rp, email, map[string]string{"prompt": "login"})
	}
	for number, subject := range subjects {
		index, err := s.Store.Subjects.Get(t.Context(), subject)
		if err != nil {
			t.Fatal(err)
		}
		want := 1
		if number == 0 {
			want = 0
		}
		if got := len(index.Value.Sessions); got != want {
			t.Errorf("person %d has %d sessions, want %d", number, got, want)
		}
	}
}
