package conformance

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"gatehouse/e2e/stack"
	"gatehouse/storage"
	"gatehouse/storage/directus/prepare"
)

// Password is that of the user who signs in.
const Password = "correct horse battery staple"

// Directus is a prepared one with a user who has every standard claim. It is
// for loopback, so that its secrets are none.
type Directus struct {
	URL          string `json:"url"`
	ServiceToken string `json:"service_token"`
	// Email is the address that the user signs in with, by the Password.
	Email string `json:"email"`
	// Subject is the user's id.
	Subject string `json:"subject"`
}

// StartDirectus starts and prepares a Directus; stop ends it.
func StartDirectus(ctx context.Context) (prepared Directus, stop func(), err error) {
	running, err := stack.StartDirectus(ctx, Options())
	if err != nil {
		return Directus{}, nil, fmt.Errorf("conformance: %w", err)
	}
	if prepared, err = Prepare(ctx, running); err != nil {
		running.Stop()
		return Directus{}, nil, err
	}
	return prepared, running.Stop, nil
}

// Options are those of a Directus that hundreds of sign-ins pass through quickly:
// its password hash is as cheap as the algorithm allows.
func Options() stack.DirectusOptions {
	return stack.DirectusOptions{Env: map[string]string{
		"HASH_MEMORY_COST": "1024", "HASH_TIME_COST": "2", "HASH_PARALLELISM": "1", "LOG_LEVEL": "warn",
	}}
}

// Prepare sets a Directus up as an operator would who releases every standard
// claim, and creates the user.
func Prepare(ctx context.Context, running *stack.Directus) (Directus, error) {
	report, err := running.Prepare(ctx, prepare.Options{})
	if err != nil {
		return Directus{}, fmt.Errorf("conformance: %w", err)
	}
	values := map[string]any{}
	for _, column := range columns() {
		field := map[string]any{"field": column.name, "type": column.kind, "schema": map[string]any{}, "meta": map[string]any{}}
		if err := running.Call(ctx, http.MethodPost, "/fields/directus_users", field, nil); err != nil {
			return Directus{}, fmt.Errorf("conformance: add a column: %w", err)
		}
		values[column.name] = column.value
	}
	values["language"] = "en-US"
	person := stack.NewUser{
		Email: "ada@example.com", Password: Password, FirstName: "Ada", LastName: "Lovelace", Fields: values,
	}
	id, err := running.CreateUser(ctx, person)
	if err != nil {
		return Directus{}, fmt.Errorf("conformance: %w", err)
	}
	return Directus{URL: running.URL, ServiceToken: string(report.Token), Email: person.Email, Subject: id}, nil
}

// prepare gives the service user what a provider needs, as gatehouse setup does.
func (d Directus) prepare(ctx context.Context, options prepare.Options) (prepare.Report, error) {
	options.Token = storage.Secret(d.ServiceToken)
	known := stack.Directus{URL: d.URL, AdminEmail: stack.AdminEmail, AdminPassword: stack.AdminPassword}
	return known.Prepare(ctx, options)
}

// column is what Directus's users lack, with the value of our user.
type column struct {
	claim, name, kind string
	value             any
}

func columns() []column {
	return []column{
		{"middle_name", "middle_name", "string", "King"},
		{"nickname", "nickname", "string", "Ada"},
		{"preferred_username", "preferred_username", "string", "ada"},
		{"profile", "profile_url", "string", "https://people.example/ada"},
		{"picture", "picture_url", "string", "https://people.example/ada.png"},
		{"website", "website", "string", "https://ada.example"},
		{"gender", "gender", "string", "female"},
		{"birthdate", "birthdate", "string", "1815-12-10"},
		{"zoneinfo", "zoneinfo", "string", "Europe/London"},
		{"updated_at", "changed_at", "timestamp", "2026-01-02T03:04:05Z"},
		{"email_verified", "email_proven", "boolean", true},
		{"phone_number", "phone_number", "string", "+44 20 7946 0958"},
		{"phone_number_verified", "phone_proven", "boolean", true},
		{"address.street_address", "street_address", "string", "12 St James's Square"},
		{"address.locality", "locality", "string", "London"},
		{"address.postal_code", "postal_code", "string", "SW1Y 4JH"},
		{"address.country", "country", "string", "GB"},
	}
}

// Mapping feeds every standard claim from the columns of a prepared Directus.
func Mapping() map[string]string {
	mapping := map[string]string{
		"name": "{first_name} {last_name}", "given_name": "first_name", "family_name": "last_name",
		"locale": "language", "email": "email",
	}
	var formatted []string
	for _, column := range columns() {
		mapping[column.claim] = column.name
		if strings.HasPrefix(column.claim, "address.") {
			formatted = append(formatted, "{"+column.name+"}")
		}
	}
	mapping["address.formatted"] = strings.Join(formatted, ", ")
	return mapping
}
