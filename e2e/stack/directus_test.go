package stack_test

import (
	"os"
	"strings"
	"testing"

	"gatehouse/e2e/stack"
)

func TestDirectusSignsIn(t *testing.T) {
	t.Parallel()
	databases := []string{stack.PostgreSQL, stack.SQLite}
	if strings.HasPrefix(os.Getenv("GATEHOUSE_TEST_DIRECTUS"), "10.") {
		databases = []string{stack.PostgreSQL}
	}
	for _, database := range databases {
		t.Run(database, func(t *testing.T) {
			t.Parallel()
			d := stack.DirectusForTest(t, stack.DirectusOptions{Database: database})
			if _, err := d.Login(t.Context(), d.AdminEmail, d.AdminPassword); err != nil {
				t.Error(err)
			}
			const email, password = "ada@example.com", "a long enough password"
			id, err := d.CreateUser(t.Context(), stack.NewUser{Email: email, Password: password, FirstName: "Ada"})
			if err != nil {
				t.Fatal(err)
			}
			if id == "" {
				t.Error("CreateUser returned no id")
			}
			if _, err := d.Login(t.Context(), email, password); err != nil {
				t.Error(err)
			}
			if _, err := d.Login(t.Context(), email, "wrong"); err == nil {
				t.Error("a wrong password signed in")
			}
		})
	}
}
