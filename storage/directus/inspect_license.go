package directus

import (
	"context"
	"net/http"

	"gatehouse/storage/directus/internal/rest"
)

// License is the licence of Directus 12; empty where nothing of it is shown.
type License struct {
	// Name is shown to administrators only.
	Name string
	// Status is "active", "grace" while a limit may be exceeded, or "locked" when
	// non-administrators are refused. Only the last can be seen by everybody.
	Status string
}

// nowhere is a collection that no Directus has.
const nowhere = "/items/gatehouse_doctor"

// inspectLicense reads the licence, or else finds out whether it is locked: then
// Directus says so before it looks whether there is such a collection.
func (c *Client) inspectLicense(ctx context.Context, found *Inspection) {
	var license struct {
		Name   string `json:"name"`
		Status string `json:"status"`
	}
	if c.get(ctx, "/license", &license) == nil {
		found.License = License(license)
		return
	}
	_, err := c.rest.Do(ctx, rest.Request{
		Name: "try whether the licence is locked", Method: http.MethodGet, Path: nowhere, Token: c.token,
	}, nil)
	if rest.Code(err) == codeResourceRestricted {
		found.License.Status = "locked"
	}
}
