package prepare

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"

	"gatehouse/storage/directus/internal/rest"
)

// preparation is one run.
type preparation struct {
	options Options
	admin   *administration
	model   model
	report  Report

	policy string // the id of what holds the service's rights; empty if there is none yet
	user   *serviceUser
}

// Prepare signs in as administrator, brings Directus into the state that the
// options describe and signs out again, also after an error. The Report tells
// how far it came; running it again goes on from there.
func Prepare(ctx context.Context, options Options) (report Report, err error) {
	options.CustomerRole = cmp.Or(options.CustomerRole, DefaultCustomerRole)
	err = withAdministrator(ctx, options, func(p *preparation) error {
		defer func() { report = p.report }()
		p.report.Environment = environment(options)
		for _, step := range []func(context.Context) error{
			p.findModel,
			p.clientsCollection,
			p.serviceRights,
			p.serviceUser,
			p.serviceToken,
			p.writer,
			p.customerRole,
			p.settings,
			p.flow,
			p.verifyToken,
			p.reportRules,
			p.enforcements,
			p.clientWriters,
		} {
			if err := step(ctx); err != nil {
				return fmt.Errorf("prepare directus: %w", err)
			}
		}
		return nil
	})
	return report, err
}

// withAdministrator does something with an administrator's session, which ends
// after, also after an error.
func withAdministrator(ctx context.Context, options Options, do func(*preparation) error) (err error) {
	if err := options.check(); err != nil {
		return err
	}
	caller, err := rest.New(rest.Config{
		BaseURL: options.BaseURL, Transport: options.Transport,
		Timeout: cmp.Or(options.Timeout, defaultTimeout), MaxConcurrent: 4,
	})
	if err != nil {
		return err
	}
	admin, err := logIn(ctx, caller, options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, admin.logOut(ctx)) }()
	return do(&preparation{options: options, admin: admin})
}

// model is where a version of Directus hangs rights.
type model struct {
	// path and key name what holds rights: a policy, or a role in Directus 10.
	path, key string
	// policies says that users and roles hold policies.
	policies bool
}

func (p *preparation) findModel(ctx context.Context) error {
	var info struct {
		Version string `json:"version"`
	}
	if err := p.admin.get(ctx, "/server/info", nil, &info); err != nil {
		return failed(err)
	}
	p.report.Version = info.Version
	var policies []struct{}
	err := p.admin.search(ctx, "/policies", nil, []string{"id"}, &policies)
	switch {
	case err == nil:
		p.model = model{path: "/policies", key: "policy", policies: true}
	case rest.Status(err) == http.StatusNotFound: // Directus 10
		p.model = model{path: "/roles", key: "role"}
	default:
		return failed(err)
	}
	return nil
}

// change carries a change out and reports it, or only reports it in a dry run.
func (p *preparation) change(name, detail string, do func() error) error {
	if p.options.DryRun {
		p.step(name, WouldDo, detail)
		return nil
	}
	if err := do(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	p.step(name, Done, detail)
	return nil
}

func (p *preparation) step(name string, state State, detail string) {
	p.report.Steps = append(p.report.Steps, Step{Name: name, State: state, Detail: detail})
}
