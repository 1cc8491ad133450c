package prepare

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"

	"gatehouse/storage"
	"gatehouse/storage/directus/internal/rest"
)

// What may be wrong with the token that is in use so far.
var (
	// ErrTokenUnknown says that the service user has a token that we were not
	// given, or another than we were given. Rotating replaces it.
	ErrTokenUnknown = errors.New("the service user has another token; rotate it to get a new one")
	// ErrTokenForeign says that the token we were given is of another user.
	ErrTokenForeign = errors.New("the service token belongs to another user than the service user; rotate it to get one of its own")
)

const (
	userName  = "service user"
	tokenName = "service token"
)

// serviceUser is the user that the token is of. Secrets are masked by Directus:
// only whether there is one can be seen.
type serviceUser struct {
	ID       string  `json:"id"`
	Status   string  `json:"status"`
	Email    *string `json:"email"`
	Password *string `json:"password"`
	Token    *string `json:"token"`
	Role     *string `json:"role"`
	Policies []struct {
		Policy string `json:"policy"`
	} `json:"policies"`
	// made says that this run created the user, with the token in the report.
	made bool
}

// serviceUser makes or verifies the user that holds the service policy.
func (p *preparation) serviceUser(ctx context.Context) error {
	var users []serviceUser
	if p.policy != "" {
		filter, fields := map[string]any{"role": equals(p.policy)}, []string{"id", "status", "email", "password", "token", "role"}
		if p.model.policies {
			filter = map[string]any{"policies": map[string]any{"policy": equals(p.policy)}}
			fields = append(fields, "policies.policy")
		}
		if err := p.admin.search(ctx, "/users", filter, fields, &users); err != nil {
			return failed(err)
		}
	}
	switch len(users) {
	case 0:
		return p.createUser(ctx)
	case 1:
		p.user = &users[0]
	default:
		return fmt.Errorf("%d users hold %q; take it from all but one", len(users), ServiceName)
	}
	p.warnOfUser()
	if p.user.Status != "active" {
		return p.change(userName, "activate", func() error {
			return p.admin.write(ctx, http.MethodPatch, "/users/"+p.user.ID, map[string]any{"status": "active"}, nil)
		})
	}
	p.step(userName, Kept, p.user.ID)
	return nil
}

// warnOfUser names what makes the service user weaker or mightier than it needs
// to be. An administrator may have a reason, so nothing is changed.
func (p *preparation) warnOfUser() {
	if p.user.Email != nil && *p.user.Email != "" {
		p.step(userName, Attention, "has an e-mail address: failed logins with it can suspend it, and Gatehouse with it")
	}
	if p.user.Password != nil {
		p.step(userName, Attention, "has a password and needs none")
	}
	if p.model.policies && p.user.Role != nil {
		p.step(userName, Attention, "has a role, and with it the role's rights")
	}
	if slices.ContainsFunc(p.user.Policies, func(held struct {
		Policy string `json:"policy"`
	},
	) bool {
		return held.Policy != p.policy
	}) {
		p.step(userName, Attention, "holds further policies")
	}
}

func (p *preparation) createUser(ctx context.Context) error {
	return p.change(userName, "create without e-mail address and password", func() error {
		token, err := p.newToken()
		if err != nil {
			return err
		}
		body := map[string]any{"first_name": ServiceName, "status": "active", "token": token.Reveal()}
		if p.model.policies {
			body["policies"] = []map[string]string{{"policy": p.policy}}
		} else {
			body["role"] = p.policy
		}
		var created struct {
			ID string `json:"id"`
		}
		if err := p.admin.write(ctx, http.MethodPost, "/users", body, &created); err != nil {
			return err
		}
		p.user = &serviceUser{ID: created.ID, made: true}
		p.report.Token, p.report.TokenIsNew = token, true
		return nil
	})
}

// serviceToken keeps the token that we were given if it is the service user's,
// and otherwise replaces it only where nobody can be using it or where that was
// asked for.
func (p *preparation) serviceToken(ctx context.Context) error {
	if p.user == nil { // a dry run that would make the user
		p.step(tokenName, WouldDo, "create")
		return nil
	}
	if p.user.made {
		p.step(tokenName, Done, "created")
		return nil
	}
	if p.options.RotateToken {
		return p.replaceToken(ctx, "replace")
	}
	owner, err := p.tokenOwner(ctx, p.options.Token)
	switch {
	case err != nil:
		return err
	case owner == p.user.ID:
		p.report.Token = p.options.Token
		p.step(tokenName, Kept, "")
		return nil
	case owner != "":
		return ErrTokenForeign
	case p.user.Token != nil:
		return ErrTokenUnknown
	}
	return p.replaceToken(ctx, "create")
}

func (p *preparation) replaceToken(ctx context.Context, detail string) error {
	return p.change(tokenName, detail, func() error {
		token, err := p.newToken()
		if err != nil {
			return err
		}
		err = p.admin.write(ctx, http.MethodPatch, "/users/"+p.user.ID, map[string]any{"token": token.Reveal()}, nil)
		if err != nil {
			return err
		}
		p.report.Token, p.report.TokenIsNew = token, true
		return nil
	})
}

// tokenOwner is the id of the user whose token it is, or empty.
func (p *preparation) tokenOwner(ctx context.Context, token storage.Secret) (string, error) {
	if token == "" {
		return "", nil
	}
	var me struct {
		ID string `json:"id"`
	}
	_, err := p.admin.rest.Do(ctx, rest.Request{
		Name: "try the service token", Method: http.MethodGet, Path: "/users/me", Token: token,
	}, &me)
	if status := rest.Status(err); status == http.StatusUnauthorized || status == http.StatusForbidden {
		return "", nil
	}
	return me.ID, failed(err)
}

// verifyToken makes sure that the token does what it is for.
func (p *preparation) verifyToken(ctx context.Context) error {
	if p.report.Token == "" || p.options.DryRun {
		return nil
	}
	for _, path := range []string{"/users", "/roles"} {
		var rows []struct{}
		_, err := p.admin.rest.Do(ctx, rest.Request{
			Name: "read " + path + " with the service token", Method: "SEARCH", Path: path, Token: p.report.Token,
			Body: map[string]any{"query": map[string]any{"fields": []string{"id"}, "limit": 1}},
		}, &rows)
		if err != nil {
			return failed(err)
		}
	}
	return nil
}

// newToken makes 32 random bytes.
func (p *preparation) newToken() (storage.Secret, error) {
	raw := make([]byte, 32)
	if _, err := io.ReadFull(p.options.Random, raw); err != nil {
		return "", fmt.Errorf("make token: %w", err)
	}
	return storage.Secret(base64.RawURLEncoding.EncodeToString(raw)), nil
}
