package directus

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"gatehouse/storage/directus/internal/rest"
)

// Known is the answer to a question that Directus may decline.
type Known int

// The answers. Unknown is none: the token may not ask, or this version of
// Directus has no such question.
const (
	Unknown Known = iota
	Yes
	No
)

// String is "yes", "no" or "unknown".
func (k Known) String() string {
	switch k {
	case Yes:
		return "yes"
	case No:
		return "no"
	case Unknown:
	}
	return "unknown"
}

func known(yes bool) Known {
	if yes {
		return Yes
	}
	return No
}

// Inspection is what a Directus shows of itself to the service token.
type Inspection struct {
	// Reachable is No if nothing answered like Directus; everything else is
	// then Unknown, and Problem says why.
	Reachable Known
	Problem   error
	// Version is empty if Directus does not tell.
	Version string
	// ClockSkew is how far Directus's clock is ahead of ours, correct to about
	// a second, if ClockKnown.
	ClockSkew  time.Duration
	ClockKnown bool
	// LocalLogin says whether people may sign in with a password at all.
	LocalLogin Known
	// Registration says whether public registration is open, and
	// VerifiesEmail whether it asks for a proof of the address.
	Registration  Known
	VerifiesEmail Known
	// Licensed says whether a licence is installed; without one, Directus 12
	// is "Core". License has what is shown of it.
	Licensed Known
	License  License
	Caches   Caches
	// LoginAttempts is auth_login_attempts if LoginAttemptsKnown; 0 stands for
	// no lock-out.
	LoginAttempts      int
	LoginAttemptsKnown bool
	Token              TokenRights
	// MissingColumns are the configured columns that do not exist or that the
	// service token may not see.
	MissingColumns []string
}

// Inspect asks Directus about itself. It writes nothing and needs about a dozen
// requests. What cannot be found out is Unknown.
func (c *Client) Inspect(ctx context.Context) Inspection {
	var found Inspection
	if err := c.inspectClock(ctx, &found); err != nil {
		found.Reachable, found.Problem = No, err
		return found
	}
	found.Reachable = Yes
	c.inspectServer(ctx, &found)
	c.inspectLicense(ctx, &found)
	c.inspectSettings(ctx, &found)
	rights, err := c.TokenRights(ctx)
	if err != nil {
		found.Problem = err
		return found
	}
	found.Token = rights
	c.inspectCaches(ctx, &found)
	if rights.ReadsUsers == Yes {
		found.MissingColumns, found.Problem = c.missingColumns(ctx)
	}
	return found
}

// inspectClock compares clocks by the header Date, which has whole seconds.
func (c *Client) inspectClock(ctx context.Context, found *Inspection) error {
	before := c.now()
	answer, err := c.rest.Do(ctx, rest.Request{Name: "ping", Method: http.MethodGet, Path: "/server/ping"}, nil)
	if err != nil {
		return unavailable(err)
	}
	if !answer.Date.IsZero() {
		half := c.now().Sub(before) / 2
		found.ClockSkew = answer.Date.Add(time.Second / 2).Sub(before.Add(half))
		found.ClockKnown = true
	}
	return nil
}

func (c *Client) inspectServer(ctx context.Context, found *Inspection) {
	var info struct {
		Version string `json:"version"`
		Project struct {
			Registration  *bool `json:"public_registration"`
			VerifiesEmail *bool `json:"public_registration_verify_email"`
		} `json:"project"`
		License *struct {
			Source *string `json:"source"`
		} `json:"license"`
	}
	if c.get(ctx, "/server/info", &info) == nil {
		found.Version = info.Version
		found.Registration = maybe(info.Project.Registration)
		found.VerifiesEmail = maybe(info.Project.VerifiesEmail)
		if info.License != nil {
			found.Licensed = known(info.License.Source != nil)
		}
	}
	var login struct {
		DisableDefault bool `json:"disableDefault"`
	}
	_, err := c.rest.Do(ctx, rest.Request{
		Name: "get /auth", Method: http.MethodGet, Path: "/auth", Token: c.token, Whole: true,
	}, &login)
	if err == nil {
		found.LocalLogin = known(!login.DisableDefault) // AUTH_DISABLE_DEFAULT
	}
}

// inspectSettings reads what only administrators may.
func (c *Client) inspectSettings(ctx context.Context, found *Inspection) {
	var settings map[string]*int
	err := c.get(ctx, "/settings", &settings, "auth_login_attempts")
	attempts, shown := settings["auth_login_attempts"]
	if err != nil || !shown {
		return
	}
	found.LoginAttemptsKnown = true
	if attempts != nil {
		found.LoginAttempts = *attempts
	}
}

// missingColumns asks for all columns, and only if some are missing for each.
func (c *Client) missingColumns(ctx context.Context) ([]string, error) {
	if all, err := c.seesColumns(ctx, c.columns.asked...); all || err != nil {
		return nil, err
	}
	var missing []string
	for _, column := range c.columns.asked {
		seen, err := c.seesColumns(ctx, column)
		if err != nil {
			return missing, err
		}
		if !seen {
			missing = append(missing, column)
		}
	}
	return missing, nil
}

// seesColumns reads one user. A column that is not there is 403 in Directus 11
// and later, and simply left out in Directus 10.
func (c *Client) seesColumns(ctx context.Context, names ...string) (bool, error) {
	var rows []map[string]any
	_, err := c.rest.Do(ctx, rest.Request{
		Name: "read columns", Method: "SEARCH", Path: "/users", Token: c.token,
		Body: query{queryBody{Fields: names, Limit: 1}},
	}, &rows)
	if rest.Status(err) == http.StatusForbidden {
		return false, nil
	}
	if err != nil {
		return false, serviceError(err)
	}
	for _, row := range rows {
		for _, name := range names {
			first, _, _ := strings.Cut(name, ".")
			if _, there := row[first]; !there {
				return false, nil
			}
		}
	}
	return true, nil
}

func (c *Client) get(ctx context.Context, path string, data any, fields ...string) error {
	request := rest.Request{Name: "get " + path, Method: http.MethodGet, Path: path, Token: c.token}
	if len(fields) > 0 {
		request.Query = url.Values{"fields": {strings.Join(fields, ",")}}
	}
	_, err := c.rest.Do(ctx, request, data)
	return err
}

func maybe(value *bool) Known {
	if value == nil {
		return Unknown
	}
	return known(*value)
}
