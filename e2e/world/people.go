package world

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"gatehouse/e2e/stack"
	"gatehouse/storage/directus/directustest"
)

// password is that of everybody here. No secret: they live for one run.
const password = "correct horse battery staple" //nolint:gosec // see above

// People are those who are there from the start. Specs that change a person
// create one of their own.
type People struct {
	Normal    Person `json:"normal"`
	OTP       Person `json:"otp"` // asked for a one-time password
	Suspended Person `json:"suspended"`
	Elsewhere Person `json:"elsewhere"` // has an account at the other provider, where there is one
}

// Person is a user of Directus.
type Person struct {
	ID        string `json:"id"`
	Email     string `json:"email"`
	Password  string `json:"password"`
	FirstName string `json:"firstName"`
	LastName  string `json:"lastName"`
	OTPSecret string `json:"otpSecret,omitempty"`
}

func (w *World) createPeople(ctx context.Context) error {
	customer, err := w.roleNamed(ctx, "Customer")
	if err != nil {
		return err
	}
	w.Directus.CustomerRole = customer
	if w.Directus.AdminRole, err = w.roleNamed(ctx, "Administrator"); err != nil {
		return err
	}
	if w.People.Normal, err = w.createPerson(ctx, "Ada", "Lovelace", customer, "active"); err != nil {
		return err
	}
	if w.People.Suspended, err = w.createPerson(ctx, "Sue", "Spender", customer, "suspended"); err != nil {
		return err
	}
	w.People.OTP, err = w.createOTPPerson(ctx, customer)
	return err
}

func (w *World) createPerson(ctx context.Context, firstName, lastName, role, status string) (Person, error) {
	person := Person{Email: firstName + "@example.com", Password: password, FirstName: firstName, LastName: lastName}
	var err error
	person.ID, err = w.directus.CreateUser(ctx, stack.NewUser{
		Email: person.Email, Password: person.Password, FirstName: firstName, LastName: lastName, Role: role, Status: status,
	})
	return person, err
}

// createOTPPerson makes somebody who switched one-time passwords on. Only those
// who may change their own row can do that, which on Directus's core licence no
// customer may: so it is an administrator who becomes a customer afterwards.
func (w *World) createOTPPerson(ctx context.Context, customer string) (Person, error) {
	person, err := w.createPerson(ctx, "Otto", "Otpman", w.Directus.AdminRole, "active")
	if err != nil {
		return Person{}, err
	}
	access, err := w.directus.Login(ctx, person.Email, person.Password)
	if err != nil {
		return Person{}, err
	}
	self := &stack.Directus{URL: w.directus.URL, AdminToken: access}
	var generated struct{ Secret string }
	if err := self.Call(ctx, http.MethodPost, "/users/me/tfa/generate", map[string]any{"password": person.Password}, &generated); err != nil {
		return Person{}, err
	}
	person.OTPSecret = generated.Secret
	enable := func() error {
		code := directustest.OTP(person.OTPSecret, time.Now())
		return self.Call(ctx, http.MethodPost, "/users/me/tfa/enable", map[string]any{"secret": person.OTPSecret, "otp": code}, nil)
	}
	// Twice, since the code may run out on the way.
	if enable() != nil {
		if err := enable(); err != nil {
			return Person{}, err
		}
	}
	return person, w.directus.Call(ctx, http.MethodPatch, "/users/"+person.ID, map[string]any{"role": customer}, nil)
}

func (w *World) roleNamed(ctx context.Context, name string) (string, error) {
	var roles []struct{ ID string }
	path := "/roles?fields=id&filter[name][_eq]=" + url.QueryEscape(name)
	if err := w.directus.Call(ctx, http.MethodGet, path, nil, &roles); err != nil {
		return "", err
	}
	if len(roles) != 1 {
		return "", fmt.Errorf("Directus has %d roles named %s, want 1", len(roles), name) //nolint:staticcheck // a name
	}
	return roles[0].ID, nil
}
