package directus

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"gatehouse/storage"
)

// Columns that are always read. Of tfa_secret Directus shows no more than
// whether there is one.
var baseColumns = []string{"id", "email", "status", "first_name", "last_name", "tfa_secret", "language", "provider"}

var columnName = regexp.MustCompile(`^[A-Za-z0-9_]{1,64}(\.[A-Za-z0-9_]{1,64}){0,4}$`)

// SecretColumns are the columns of users that are never read, whatever the
// configuration says. Directus masks most of them, but not to every token.
func SecretColumns() []string { return []string{"password", "token", "tfa_secret", "auth_data"} }

// columns says what to ask of a user and what of the answer to hand on.
type columns struct {
	// asked is what the query names.
	asked []string
	// handed maps the names in Account.Fields to paths in the answer.
	handed map[string][]string
	// role is the path to the id of the role.
	role []string
}

func newColumns(fields []string) (columns, error) {
	c := columns{asked: slices.Clone(baseColumns), handed: map[string][]string{}, role: []string{"role"}}
	for _, field := range fields {
		if !columnName.MatchString(field) {
			return columns{}, fmt.Errorf("directus: %q is not the name of a column", field)
		}
		// By whatever path: a relation may lead back to a user.
		for part := range strings.SplitSeq(field, ".") {
			if slices.Contains(SecretColumns(), part) {
				return columns{}, fmt.Errorf("directus: column %q holds a secret and cannot be a claim", field)
			}
		}
		// Asked for role and role.name, Directus answers one object in place of
		// the key, so the key is asked for by its name in there.
		path := field
		if slices.ContainsFunc(fields, func(other string) bool { return strings.HasPrefix(other, field+".") }) {
			path = field + ".id"
		}
		c.handed[field] = strings.Split(path, ".")
		if !slices.Contains(c.asked, path) {
			c.asked = append(c.asked, path)
		}
	}
	if slices.ContainsFunc(fields, func(field string) bool { return strings.HasPrefix(field, "role.") }) {
		c.role = []string{"role", "id"}
	}
	if path := strings.Join(c.role, "."); !slices.Contains(c.asked, path) {
		c.asked = append(c.asked, path)
	}
	return c, nil
}

// user is what a look-up found.
type user struct {
	account storage.Account
}

// read makes a user of a row. It refuses one that lacks what decides: a token
// that may not see the status must not make everybody look active or not.
func (c columns) read(row map[string]any, seenAt time.Time) (user, error) {
	id, status := text(row["id"]), text(row["status"])
	if id == "" || status == "" {
		return user{}, fmt.Errorf("%w: id or status of users is not shown", ErrServiceToken)
	}
	account := storage.Account{
		ID:        id,
		Email:     text(row["email"]),
		Active:    status == "active",
		Status:    status,
		Role:      text(follow(row, c.role)),
		FirstName: text(row["first_name"]),
		LastName:  text(row["last_name"]),
		Language:  text(row["language"]),
		Provider:  text(row["provider"]),
		HasOTP:    row["tfa_secret"] != nil,
		Fields:    make(map[string]any, len(c.handed)),
		SeenAt:    seenAt,
	}
	for name, path := range c.handed {
		account.Fields[name] = follow(row, path)
	}
	return user{account: account}, nil
}

// readAs is read for a row that was asked for by its id.
func (c columns) readAs(id string, row map[string]any, seenAt time.Time) (user, error) {
	found, err := c.read(row, seenAt)
	if err != nil {
		return user{}, serviceError(err)
	}
	if found.account.ID != id {
		return user{}, unavailable(errors.New("look up user: directus answered with another user"))
	}
	return found, nil
}

// follow walks a path into nested objects; at a list it walks on in each entry.
func follow(value any, path []string) any {
	if len(path) == 0 {
		return value
	}
	switch value := value.(type) {
	case map[string]any:
		return follow(value[path[0]], path[1:])
	case []any:
		found := make([]any, 0, len(value))
		for _, entry := range value {
			found = append(found, follow(entry, path))
		}
		return found
	}
	return nil
}

func text(value any) string {
	s, _ := value.(string)
	return s
}
