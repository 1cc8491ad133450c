package stack

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
)

// Call sends one request to Directus's API as the administrator and decodes the
// data of the answer into result, unless that is nil.
func (d *Directus) Call(ctx context.Context, method, path string, body, result any) error {
	return d.call(ctx, d.AdminToken, method, path, body, result)
}

// NewUser is a user to create; Fields sets any other column of directus_users.
type NewUser struct {
	Email     string
	Password  string
	FirstName string
	LastName  string
	Role      string // an id; none when empty
	Status    string // active when empty
	Fields    map[string]any
}

// CreateUser creates a user and returns its id.
func (d *Directus) CreateUser(ctx context.Context, user NewUser) (id string, err error) {
	row := map[string]any{"email": user.Email, "password": user.Password, "status": "active"}
	for name, value := range map[string]string{
		"first_name": user.FirstName, "last_name": user.LastName, "role": user.Role, "status": user.Status,
	} {
		if value != "" {
			row[name] = value
		}
	}
	maps.Copy(row, user.Fields)
	var created struct{ ID string }
	if err := d.Call(ctx, http.MethodPost, "/users", row, &created); err != nil {
		return "", fmt.Errorf("create user: %w", err)
	}
	return created.ID, nil
}

// Login signs a user in with a password and returns the access token.
func (d *Directus) Login(ctx context.Context, email, password string) (string, error) {
	var tokens struct {
		AccessToken string `json:"access_token"`
	}
	err := d.call(ctx, "", http.MethodPost, "/auth/login", map[string]string{"email": email, "password": password}, &tokens)
	if err != nil {
		return "", fmt.Errorf("sign in: %w", err)
	}
	return tokens.AccessToken, nil
}

// ensureAdminToken gives the administrator the static token on versions whose
// bootstrap does not know ADMIN_TOKEN.
func (d *Directus) ensureAdminToken(ctx context.Context) error {
	response, err := d.get(ctx, "/users/me", d.AdminToken)
	if err != nil {
		return err
	}
	_ = response.Body.Close()
	if response.StatusCode == http.StatusOK {
		return nil
	}
	access, err := d.Login(ctx, d.AdminEmail, d.AdminPassword)
	if err != nil {
		return err
	}
	return d.call(ctx, access, http.MethodPatch, "/users/me", map[string]string{"token": d.AdminToken}, nil)
}

func (d *Directus) get(ctx context.Context, path, token string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, d.URL+path, nil)
	if err != nil {
		return nil, fmt.Errorf("ask Directus: %w", err)
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, fmt.Errorf("ask Directus: %w", err)
	}
	return response, nil
}

func (d *Directus) call(ctx context.Context, token, method, path string, body, result any) error {
	content := []byte{}
	if body != nil {
		var err error
		if content, err = json.Marshal(body); err != nil {
			return fmt.Errorf("%s %s: %w", method, path, err)
		}
	}
	request, err := http.NewRequestWithContext(ctx, method, d.URL+path, bytes.NewReader(content))
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	request.Header.Set("Content-Type", "application/json")
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	if response.StatusCode >= 300 {
		return fmt.Errorf("%s %s: Directus answered %s: %s", method, path, response.Status, answer)
	}
	if result == nil || len(answer) == 0 {
		return nil
	}
	wrapped := struct{ Data any }{result}
	if err := json.Unmarshal(answer, &wrapped); err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	return nil
}
