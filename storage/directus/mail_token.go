package directus

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"gatehouse/storage"
	"gatehouse/storage/directus/internal/rest"
)

// What the tokens of Directus's mails are good for.
const (
	scopeVerification = "pending-registration"
	scopeReset        = "password-reset"
	scopeInvitation   = "invite"
)

const (
	maxMailToken = 4096
	// maxMailAddress is more than an address of mail can have (RFC 5321,
	// section 4.5.3.1).
	maxMailAddress = 320
	// maxLookalikes bounds the users whose address is like one of a mail.
	maxLookalikes = 100
)

// mailToken is what the token of a mail says. It is signed with Directus's own
// secret: nothing of it is believed before Directus took the token.
type mailToken struct {
	Email   string `json:"email"`
	Scope   string `json:"scope"`
	Expires int64  `json:"exp"`
}

// readMailToken refuses, without asking Directus, what cannot be a token for
// the purpose. The error is storage.ErrLinkInvalid and shows nothing of it.
func readMailToken(token storage.Secret, scope string) (mailToken, error) {
	var mail mailToken
	if len(token) > maxMailToken || rest.ReadToken(token.Reveal(), &mail) != nil {
		return mailToken{}, storage.ErrLinkInvalid
	}
	if mail.Scope != scope || !searchable(mail.Email) {
		return mailToken{}, storage.ErrLinkInvalid
	}
	return mail, nil
}

// searchable says that a pattern of the address finds little else: "%" would stand
// for any text, and "\" for itself or not. Strangers make such tokens up.
func searchable(email string) bool {
	local, domain, found := strings.Cut(email, "@")
	return found && local != "" && domain != "" && storable(email) && !strings.ContainsAny(email, `%\`) &&
		utf8.RuneCountInString(email) <= maxMailAddress
}

func (m mailToken) expired(now time.Time) bool { return m.Expires <= now.Unix() }

// spend has take hand the token to Directus, and returns whose it was. take is
// told the id that the token's address belongs to, or nothing.
//
// The user is looked up before: once the token is spent, the caller has to end
// the sessions that an old password began, whether Directus still answers or
// not. And from then on the person cannot stop it by closing the browser.
//
// Where the answer is lost, Directus is asked once more: only a token that it
// signed is "used", and this one was spent just now. Of one that was used before,
// the user is returned with storage.ErrLinkUsed.
func (c *Client) spend(ctx context.Context, mail mailToken, take func(ctx context.Context, holder string) error) (storage.Account, error) {
	before, err := c.findByEmail(ctx, mail.Email)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return storage.Account{}, err
	}
	ctx = context.WithoutCancel(ctx)
	// Directus is asked also where nobody has the address: strangers learn no
	// more from a forged token than that it is one.
	err = take(ctx, before.ID)
	lost := errors.Is(err, storage.ErrUncertain)
	if lost {
		err = take(ctx, before.ID)
	}
	used := errors.Is(err, storage.ErrLinkUsed)
	switch {
	case used && before.ID == "":
		return storage.Account{}, err
	case used && !lost:
		return before, err
	case err != nil && !used:
		return storage.Account{}, err
	}
	if before.ID == "" {
		return storage.Account{}, unavailable(fmt.Errorf("%w: the user of a mail is not shown", ErrServiceToken))
	}
	c.Forget(before.ID)
	after, err := c.lookup(ctx, before.ID)
	if err != nil {
		// With the sessions of somebody who keeps his password, nothing worse ends
		// than that he signs in again.
		c.log.WarnContext(ctx, "user not read again after the token of a mail", "error", err)
		return before, nil
	}
	// What was proven is the address that the token was sent to, even if it was
	// changed this very moment.
	account := after.account
	account.Email = before.Email
	if used && !account.Active {
		// It is "used" as well for whoever may not sign in.
		return account, storage.ErrLinkUsed
	}
	return account, nil
}

// findByEmail finds the user as Directus does for the token of a mail: without
// regard to case. storage.ErrNotFound also stands for a user whom rules hide.
func (c *Client) findByEmail(ctx context.Context, email string) (storage.Account, error) {
	var rows []map[string]any
	seenAt := c.now()
	request := rest.Request{
		Name: "look up user by e-mail", Method: "SEARCH", Path: "/users", Token: c.token,
		Body: query{queryBody{
			// No column of users may be compared without regard to case but by
			// patterns, in which "_" stands for any letter.
			Filter: map[string]any{"_and": []any{
				map[string]any{"email": map[string]string{"_istarts_with": email}},
				map[string]any{"email": map[string]string{"_iends_with": email}},
			}},
			Fields: c.columns.asked,
			Limit:  maxLookalikes,
		}},
		// Anybody can cause it.
		Login: true,
	}
	_, err := c.rest.Do(ctx, request, &rows)
	if worthAnotherTry(err) {
		seenAt = c.now()
		_, err = c.rest.Do(ctx, request, &rows)
	}
	if err != nil {
		return storage.Account{}, serviceError(err)
	}
	rows = slices.DeleteFunc(rows, func(row map[string]any) bool {
		return strings.ToLower(text(row["email"])) != strings.ToLower(email) //nolint:staticcheck // EqualFold takes more for equal than Directus
	})
	switch {
	case len(rows) == 0:
		return storage.Account{}, storage.ErrNotFound
	case len(rows) > 1:
		// Directus would take either of them.
		return storage.Account{}, unavailable(errors.New("look up user by e-mail: several users differ in the case of their address"))
	}
	found, err := c.columns.read(rows[0], seenAt)
	if err != nil {
		return storage.Account{}, serviceError(err)
	}
	return found.account, nil
}

// linkError maps a refusal of a mail's token by its code, never by its words,
// which may repeat the password.
func linkError(err error) error {
	switch rest.Code(err) {
	case codeInvalidToken, codeRouteNotFound:
		return storage.ErrLinkInvalid
	case codeTokenExpired:
		return storage.ErrLinkExpired
	case codeForbidden, codeInvalidInvite, codeInvalidPayload:
		// Which of them says "used" depends on the route and the version.
		return storage.ErrLinkUsed
	case codeFailedValidation:
		if rest.Field(err) == "password" {
			return storage.ErrPasswordPolicy
		}
	}
	return unavailable(err)
}

// setPassword posts a mail's token and the new password.
func (c *Client) setPassword(ctx context.Context, name, path string, token, password storage.Secret, caller storage.Caller) error {
	_, err := c.rest.Do(ctx, rest.Request{
		Name: name, Method: http.MethodPost, Path: path, Header: c.personHeader(caller),
		Body:  map[string]string{"token": token.Reveal(), "password": password.Reveal()},
		Login: true,
	}, nil)
	return err
}

// settable refuses passwords that Directus would not look at: its refusal could
// not be told from that of the token.
func settable(password storage.Secret) bool {
	return password != "" && len(password) <= storage.MaxPasswordSize
}
