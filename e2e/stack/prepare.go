package stack

import (
	"cmp"
	"context"
	"crypto/rand"
	"sync"

	"gatehouse/storage"
	"gatehouse/storage/directus/prepare"
)

// service are the tokens that Prepare made.
type service struct {
	mu                sync.Mutex
	token, writeToken storage.Secret
}

// ServiceToken is the one that Prepare made last.
func (d *Directus) ServiceToken() storage.Secret {
	d.service.mu.Lock()
	defer d.service.mu.Unlock()
	return d.service.token
}

// Prepare does what gatehouse setup does: it gives the service user the rights that
// the options name and no others, and returns its token. Called again, it changes
// the rights of that token. What is left out of the options is known here.
func (d *Directus) Prepare(ctx context.Context, options prepare.Options) (prepare.Report, error) {
	d.service.mu.Lock()
	defer d.service.mu.Unlock()
	options.BaseURL, options.Random = d.URL, rand.Reader
	options.AdminEmail, options.AdminPassword = d.AdminEmail, storage.Secret(d.AdminPassword)
	options.Token, options.WriteToken = cmp.Or(options.Token, d.service.token), cmp.Or(options.WriteToken, d.service.writeToken)
	report, err := prepare.Prepare(ctx, options)
	// Those of an interrupted run are valid too.
	d.service.token, d.service.writeToken = cmp.Or(report.Token, d.service.token), cmp.Or(report.WriteToken, d.service.writeToken)
	return report, err
}
