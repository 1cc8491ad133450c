package directus

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"gatehouse/storage"
	"gatehouse/storage/directus/internal/rest"
)

// WriteRights is what the token that may write may do.
type WriteRights struct {
	// Valid is No for a token that belongs to no active user; everything else
	// is then Unknown.
	Valid Known
	// Admin says whether its user is an administrator, who may do anything.
	Admin Known
	// CreatesUsers and UpdatesUsers are what it is for, StoresFiles is for
	// pictures. Updating users without rules is an administrator's power: a
	// role is a column.
	CreatesUsers, UpdatesUsers, StoresFiles Known
}

func (c *Client) inspectWriteToken(ctx context.Context, found *Inspection) {
	if !c.Writes() {
		return
	}
	rights := &found.WriteToken
	var me struct {
		ID string `json:"id"`
	}
	err := c.getAs(ctx, c.writeToken, "/users/me", nil, &me)
	switch {
	case rest.Code(err) == codeInvalidCredentials:
		rights.Valid = No
		return
	case err != nil:
		return
	}
	rights.Valid = Yes
	if rights.Admin, _, err = c.flags(ctx, c.writeToken); rights.Admin == Yes {
		rights.CreatesUsers, rights.UpdatesUsers, rights.StoresFiles = Yes, Yes, Yes
		return
	}
	if err != nil {
		return
	}
	granted, err := c.permissions(ctx, c.writeToken)
	if err != nil || granted == nil {
		return
	}
	columns := slices.Concat(profileColumns, passwordColumns, pictureColumns)
	rights.CreatesUsers = known(granted.allow("create", "directus_users", "email", "password", "role", "status", "first_name", "last_name"))
	rights.UpdatesUsers = known(granted.allow("update", "directus_users", columns...))
	rights.StoresFiles = known(granted.allow("create", "directus_files"))
}

// ExternalOffer is another place to sign in, and how Directus tells of a sign-in.
type ExternalOffer struct {
	Name, Driver string
	// Mode is "session", "cookie", or empty where it cannot be told: Directus
	// 10 cannot be asked.
	Mode string
}

// inspectExternal tells modes apart by asking twice: the second list has the
// providers in mode "session" alone.
func (c *Client) inspectExternal(ctx context.Context, found *Inspection) {
	offered, err := c.askProviders(ctx, nil)
	if err != nil {
		return
	}
	found.ExternalKnown = true
	var sessions []storage.ExternalProvider
	modes := found.Version != "" && !strings.HasPrefix(found.Version, "10.")
	if modes && len(offered) > 0 {
		if sessions, err = c.askProviders(ctx, url.Values{"sessionOnly": {"true"}}); err != nil {
			modes = false
		}
	}
	for _, provider := range offered {
		offer := ExternalOffer{Name: provider.Name, Driver: provider.Driver}
		if modes {
			offer.Mode = "cookie"
			if slices.ContainsFunc(sessions, func(p storage.ExternalProvider) bool { return p.Name == provider.Name }) {
				offer.Mode = "session"
			}
		}
		found.External = append(found.External, offer)
	}
}
