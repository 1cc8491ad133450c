package directus

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"

	"gatehouse/storage/directus/internal/rest"
)

// URLs are our pages that Directus's mails are to lead to. An empty one is not
// asked about.
type URLs struct {
	Reset  string
	Verify string
}

// AllowLists says which of our URLs Directus would put into its mails.
type AllowLists struct {
	Reset  Known // PASSWORD_RESET_URL_ALLOW_LIST
	Verify Known // USER_REGISTER_URL_ALLOW_LIST
}

// AllowLists finds out by requests that come to nothing: a reset for an address
// that cannot exist, and a registration for one that exists already. It sends
// no mail and writes nothing, but the requests count toward Directus's limits:
// registrations are limited to five a minute by default.
//
// USER_INVITE_URL_ALLOW_LIST cannot be found out: Directus says 204 to
// whoever may not invite, and invites whom it is asked to by whoever may.
func (c *Client) AllowLists(ctx context.Context, urls URLs) (AllowLists, error) {
	var lists AllowLists
	var err error
	if urls.Reset != "" {
		if lists.Reset, err = c.askReset(ctx, urls.Reset); err != nil {
			return lists, err
		}
	}
	if urls.Verify != "" {
		lists.Verify, err = c.askVerify(ctx, urls.Verify)
	}
	return lists, err
}

// askReset believes a yes only from a Directus that says no to a URL that
// nobody allowed: 10.8 looks at the address first, and says yes to anything.
func (c *Client) askReset(ctx context.Context, url string) (Known, error) {
	answer, err := c.askResetOnce(ctx, url)
	if err != nil || answer != Yes {
		return answer, err
	}
	control, err := c.askResetOnce(ctx, "https://not-allowed.invalid/")
	if err != nil || control != No {
		return Unknown, err
	}
	return Yes, nil
}

func (c *Client) askResetOnce(ctx context.Context, url string) (Known, error) {
	_, err := c.rest.Do(ctx, rest.Request{
		Name: "ask for the reset URL", Method: http.MethodPost, Path: "/auth/password/request",
		Body: map[string]string{"email": "no address", "reset_url": url},
	}, nil)
	return verdict(err)
}

func (c *Client) askVerify(ctx context.Context, url string) (Known, error) {
	email, err := c.existingEmail(ctx)
	if err != nil || email == "" {
		return Unknown, err
	}
	// First without URL, to know that a refusal is meant for the URL.
	if answer, err := c.askVerifyOnce(ctx, email, ""); err != nil || answer == No {
		return Unknown, err
	}
	return c.askVerifyOnce(ctx, email, url)
}

func (c *Client) askVerifyOnce(ctx context.Context, email, url string) (Known, error) {
	secret := make([]byte, 32)
	if _, err := io.ReadFull(c.random, secret); err != nil {
		return Unknown, fmt.Errorf("make password: %w", err)
	}
	body := map[string]string{"email": email, "password": base64.RawURLEncoding.EncodeToString(secret)}
	if url != "" {
		body["verification_url"] = url
	}
	_, err := c.rest.Do(ctx, rest.Request{
		Name: "ask for the verification URL", Method: http.MethodPost, Path: "/users/register", Body: body,
	}, nil)
	// The URL is looked at first. What follows does not matter: registration
	// off, address filtered out, password against the policy.
	switch rest.Code(err) {
	case codeForbidden, codeFailedValidation:
		return Yes, nil
	}
	return verdict(err)
}

// existingEmail is the address of an active user: to register it writes nothing
// and sends nothing.
func (c *Client) existingEmail(ctx context.Context) (string, error) {
	var rows []struct {
		Email string `json:"email"`
	}
	_, err := c.rest.Do(ctx, rest.Request{
		Name: "look for a user", Method: "SEARCH", Path: "/users", Token: c.token,
		Body: query{queryBody{
			Filter: map[string]any{"status": map[string]any{"_eq": "active"}, "email": map[string]any{"_nempty": true}},
			Fields: []string{"email"},
			Limit:  1,
		}},
	}, &rows)
	if err != nil {
		return "", serviceError(err)
	}
	if len(rows) == 0 {
		return "", nil
	}
	return rows[0].Email, nil
}

// verdict reads an answer to an attempt with a URL.
func verdict(err error) (Known, error) {
	switch {
	case err == nil:
		return Yes, nil
	case rest.Code(err) == codeInvalidPayload:
		return No, nil
	case rest.Status(err) != 0 && rest.Status(err) < http.StatusInternalServerError:
		return Unknown, nil // another limit, or no such route
	}
	return Unknown, unavailable(err)
}
