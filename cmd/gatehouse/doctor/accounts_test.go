package doctor_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"gatehouse/cmd/gatehouse/doctor"
	"gatehouse/storage"
	"gatehouse/storage/directus"
	"gatehouse/storage/directus/prepare"
)

// registering is a patient whose Directus lets people register.
func registering(change func(*doctor.Patient, *directus.Inspection)) doctor.Patient {
	patient, fake := healthy(), healthyDirectus()
	fake.found.Registration, fake.found.VerifiesEmail = directus.Yes, directus.Yes
	patient.Accounts.PasswordPolicy = "none"
	change(&patient, &fake.found)
	patient.Directus = fake
	return patient
}

func examining(examined prepare.Examination, role prepare.RoleAccess, err error) func(*doctor.Patient, *directus.Inspection) {
	return func(p *doctor.Patient, _ *directus.Inspection) {
		p.Examine = func(context.Context) (prepare.Examination, prepare.RoleAccess, error) { return examined, role, err }
	}
}

func writing(rights directus.TokenRights, err error) func(*doctor.Patient, *directus.Inspection) {
	return func(p *doctor.Patient, _ *directus.Inspection) {
		p.WriteToken = func(context.Context) (directus.TokenRights, error) { return rights, err }
	}
}

func offering(providers []storage.ExternalProvider, err error) func(*doctor.Patient, *directus.Inspection) {
	return func(p *doctor.Patient, _ *directus.Inspection) {
		p.Accounts.ExternalSignIn, p.Accounts.ExternalURL = true, issuer+"/login/external/callback"
		p.Providers = func(context.Context) ([]storage.ExternalProvider, error) { return providers, err }
	}
}

func TestExamineAccounts(t *testing.T) {
	customers := prepare.RoleAccess{ID: "c", Name: "Customer"}
	open := func(role prepare.RoleAccess) prepare.Examination {
		return prepare.Examination{Registration: prepare.PublicRegistration{Open: true, VerifiesEmail: true, Role: role}}
	}
	may := directus.TokenRights{Valid: directus.Yes, Admin: directus.No, WritesKnown: true, Writes: []string{"create directus_users", "update directus_users"}}
	for name, test := range map[string]struct {
		change   func(*doctor.Patient, *directus.Inspection)
		severity doctor.Severity
		words    string
	}{
		"open":              {func(p *doctor.Patient, _ *directus.Inspection) { p.Accounts.ForwardsAddress = true }, doctor.Note, "registration limit: of Directus, five a minute unless set otherwise, is for all people together where"},
		"address not told":  {func(p *doctor.Patient, _ *directus.Inspection) { p.Accounts.ForwardsAddress = false }, doctor.Note, "directus.forward_client_address: true"},
		"closed":            {func(_ *doctor.Patient, i *directus.Inspection) { i.Registration = directus.No }, doctor.Note, "is closed in Directus"},
		"unknown":           {func(_ *doctor.Patient, i *directus.Inspection) { i.Registration = directus.Unknown }, doctor.Note, "see registration.mode: service_token"},
		"off here":          {func(p *doctor.Patient, _ *directus.Inspection) { p.Accounts.RegistrationOff = true }, doctor.Note, "is off (registration.mode)"},
		"address not asked": {func(_ *doctor.Patient, i *directus.Inspection) { i.VerifiesEmail = directus.No }, doctor.Warning, "does not ask people to prove their address"},
		"by token":          {func(p *doctor.Patient, _ *directus.Inspection) { p.Accounts.RegistrationByToken = true }, doctor.Warning, "more work for a new address than for a known one"},

		"nobody looked":          {func(*doctor.Patient, *directus.Inspection) {}, doctor.Note, "gatehouse doctor --administrator"},
		"administrator refused":  {examining(prepare.Examination{}, prepare.RoleAccess{}, errors.New("wrong password")), doctor.Error, "administration: could not be looked at: wrong password"},
		"customers":              {examining(open(customers), prepare.RoleAccess{}, nil), doctor.Note, `role of new users: "Customer" has no Studio access`},
		"new administrators":     {examining(open(prepare.RoleAccess{ID: "a", Name: "Administrator", Admin: true, App: true}), prepare.RoleAccess{}, nil), doctor.Error, "everybody who registers owns Directus"},
		"new editors":            {examining(open(prepare.RoleAccess{ID: "e", Name: "Editor", App: true}), prepare.RoleAccess{}, nil), doctor.Error, "everybody who registers enters the Studio"},
		"no role":                {examining(open(prepare.RoleAccess{}), prepare.RoleAccess{}, nil), doctor.Warning, "people who register have no role at all"},
		"role that is not there": {examining(open(prepare.RoleAccess{ID: "gone"}), prepare.RoleAccess{}, nil), doctor.Error, "gone does not exist"},
		"role of the token's": {func(p *doctor.Patient, i *directus.Inspection) {
			p.Accounts.RegistrationByToken = true
			examining(open(customers), prepare.RoleAccess{ID: "a", Name: "Administrator", Admin: true}, nil)(p, i)
		}, doctor.Error, "correct registration.role"},
		"password policy": {
			examining(prepare.Examination{Rules: prepare.Rules{PasswordPolicy: "/^.{12,}'$/", AttemptsLimit: 25}, Registration: open(customers).Registration}, prepare.RoleAccess{}, nil),
			doctor.Error, "write directus.password_policy: '/^.{12,}''$/'",
		},
		"password policy by name": {func(p *doctor.Patient, i *directus.Inspection) {
			p.Accounts.PasswordPolicy = "weak"
			examining(prepare.Examination{Rules: prepare.Rules{PasswordPolicy: "/^.{8,}$/", AttemptsLimit: 25}, Registration: open(customers).Registration}, prepare.RoleAccess{}, nil)(p, i)
		}, doctor.Note, "is the same in Directus and here"},
		"e-mail filter": {
			examining(prepare.Examination{Rules: prepare.Rules{EmailFilter: `{"email":{"_eq":"it's"}}`, AttemptsLimit: 25}, Registration: open(customers).Registration}, prepare.RoleAccess{}, nil),
			doctor.Warning, `write directus.email_filter: '{"email":{"_eq":"it''s"}}'`,
		},
		"e-mail filter, written otherwise": {func(p *doctor.Patient, i *directus.Inspection) {
			p.Accounts.EmailFilter = `{"email": {"_eq": "a"}}`
			examining(prepare.Examination{Rules: prepare.Rules{EmailFilter: `{"email":{"_eq":"a"}}`, AttemptsLimit: 25}, Registration: open(customers).Registration}, prepare.RoleAccess{}, nil)(p, i)
		}, doctor.Note, "e-mail filter: is the same in Directus and here"},
		"attempts limit": {
			examining(prepare.Examination{Rules: prepare.Rules{AttemptsLimit: 10}, Registration: open(customers).Registration}, prepare.RoleAccess{}, nil),
			doctor.Error, "write directus.attempts_limit: 10",
		},
		"attempts limit, stricter here": {
			examining(prepare.Examination{Rules: prepare.Rules{AttemptsLimit: 40}, Registration: open(customers).Registration}, prepare.RoleAccess{}, nil),
			doctor.Note, "write directus.attempts_limit: 40",
		},
		"attempts limit, off there": {
			examining(prepare.Examination{Registration: open(customers).Registration}, prepare.RoleAccess{}, nil),
			doctor.Note, "write directus.attempts_limit: 0",
		},
		"who needs one-time passwords": {
			examining(prepare.Examination{Rules: prepare.Rules{EnforceTFA: []string{"Editors"}, AttemptsLimit: 25}, Registration: open(customers).Registration}, prepare.RoleAccess{}, nil),
			doctor.Note, "write directus.enforce_tfa: ['Editors']",
		},
		"people who cannot enrol": {
			examining(prepare.Examination{Registration: open(customers).Registration, CannotEnrol: []prepare.Enforcement{{Policy: "Two steps", Holder: "role Members"}}}, prepare.RoleAccess{}, nil),
			doctor.Error, `the policy "Two steps" asks role Members for one`,
		},

		"write token":                {writing(may, nil), doctor.Note, "can make himself an administrator"},
		"write token, dead":          {writing(directus.TokenRights{Valid: directus.No}, nil), doctor.Error, "write token: belongs to no active user"},
		"write token, unreachable":   {writing(directus.TokenRights{}, errors.New("refused")), doctor.Error, "write token: could not be tried"},
		"write token, administrator": {writing(directus.TokenRights{Valid: directus.Yes, Admin: directus.Yes}, nil), doctor.Error, "write token: is an administrator's"},
		"write token, too weak": {
			writing(directus.TokenRights{Valid: directus.Yes, Admin: directus.No, WritesKnown: true, Writes: []string{"create directus_users"}}, nil),
			doctor.Error, "lacks: update directus_users",
		},
		"write token, too strong": {
			writing(directus.TokenRights{Valid: directus.Yes, Admin: directus.No, WritesKnown: true, Writes: append([]string{"delete posts", "create directus_files"}, may.Writes...)}, nil),
			doctor.Warning, "may do more than it needs: delete posts\n",
		},

		"external":            {offering([]storage.ExternalProvider{{Name: "google"}}, nil), doctor.Note, "AUTH_GOOGLE_REDIRECT_ALLOW_LIST"},
		"external, none":      {offering(nil, nil), doctor.Warning, "Directus offers no provider"},
		"external, no answer": {offering(nil, errors.New("refused")), doctor.Warning, "external sign-in: could not be looked at"},
		"mails of the Studio": {func(*doctor.Patient, *directus.Inspection) {}, doctor.Note, "examples/directus-templates"},
	} {
		t.Run(name, func(t *testing.T) {
			findings := doctor.Examine(t.Context(), registering(test.change))
			if worst := doctor.Worst(findings); worst != test.severity {
				t.Errorf("worst: got %v, want %v", worst, test.severity)
			}
			var printed bytes.Buffer
			doctor.Print(&printed, findings)
			if !strings.Contains(printed.String(), test.words) {
				t.Errorf("no word of %q in:\n%s", test.words, printed.String())
			}
			for _, finding := range findings {
				if finding.Severity >= doctor.Warning && finding.Fix == "" {
					t.Errorf("no fix for: %s: %s", finding.Subject, finding.Detail)
				}
			}
		})
	}
}
