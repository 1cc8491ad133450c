package doctor_test

import (
	"bytes"
	"strings"
	"testing"

	"gatehouse/cmd/gatehouse/doctor"
	"gatehouse/storage/directus"
	"gatehouse/storage/directus/prepare"
)

// surroundings are those of a healthy installation, as an administrator sees them.
func surroundings(change func(*prepare.Examination)) func(*doctor.Patient, *directus.Inspection) {
	examined := prepare.Examination{
		Registration: prepare.PublicRegistration{Open: true, VerifiesEmail: true, Role: prepare.RoleAccess{ID: "c", Name: "Customer"}},
		License:      prepare.License{Name: "Core", Status: "active", Seats: 3, SeatLimit: 3},
		Invitations:  prepare.Yes, Forwarding: prepare.Forwarded, ServiceStatus: "active",
	}
	change(&examined)
	return func(p *doctor.Patient, i *directus.Inspection) {
		p.InviteURL, p.Accounts.ForwardsAddress = issuer+"/accept-invite", true
		examining(examined, prepare.RoleAccess{}, nil)(p, i)
	}
}

func inspected(change func(*directus.Inspection)) func(*doctor.Patient, *directus.Inspection) {
	return func(p *doctor.Patient, i *directus.Inspection) {
		surroundings(func(*prepare.Examination) {})(p, i)
		change(i)
	}
}

func TestSurroundings(t *testing.T) {
	for name, test := range map[string]struct {
		change     func(*doctor.Patient, *directus.Inspection)
		severity   doctor.Severity
		words, fix string
	}{
		"healthy": {surroundings(func(*prepare.Examination) {}), doctor.Note, "USER_INVITE_URL_ALLOW_LIST names our page", ""},
		"believed from here only": {
			surroundings(func(*prepare.Examination) {}), doctor.Note, "of people are believed by Directus when they come from here, and only then", "",
		},
		"any number of seats": {surroundings(func(e *prepare.Examination) { e.License.Seats, e.License.SeatLimit = 400, -1 }), doctor.Note, "names our page", ""},
		"Directus 11":         {surroundings(func(e *prepare.Examination) { e.License = prepare.License{} }), doctor.Note, "names our page", ""},
		"invitations not allowed": {
			surroundings(func(e *prepare.Examination) { e.Invitations = prepare.No }), doctor.Warning,
			"puts no link to https://id.example.com/accept-invite into mails that invite", "USER_INVITE_URL_ALLOW_LIST=https://id.example.com/accept-invite",
		},
		"invitations unknown": {
			surroundings(func(e *prepare.Examination) { e.Invitations = prepare.NotAsked }), doctor.Note,
			"whether USER_INVITE_URL_ALLOW_LIST names", "look at the environment",
		},
		"nobody's word": {
			surroundings(func(e *prepare.Examination) { e.Forwarding = prepare.NotForwarded }), doctor.Warning,
			"are not believed by Directus", "set IP_TRUST_PROXY=<address of Gatehouse>",
		},
		"all register as one": {
			surroundings(func(e *prepare.Examination) { e.Forwarding = prepare.NotForwarded }), doctor.Warning,
			"the sixth within a minute cannot register", "raise RATE_LIMITER_REGISTRATION_POINTS",
		},
		"each registers by himself": {surroundings(func(*prepare.Examination) {}), doctor.Note, "registration limit: of Directus is for each address by itself", ""},
		"anybody's word": {
			surroundings(func(e *prepare.Examination) { e.Forwarding = prepare.Claimed }), doctor.Warning,
			"are believed by Directus whoever names them", "set IP_TRUST_PROXY=<address of Gatehouse>",
		},
		"nothing in the log": {
			surroundings(func(e *prepare.Examination) { e.Forwarding = prepare.UnknownForwarding }), doctor.Note,
			"could not be tried", "IP_TRUST_PROXY",
		},
		"nobody is forwarded": {func(p *doctor.Patient, i *directus.Inspection) {
			surroundings(func(e *prepare.Examination) { e.Forwarding = prepare.Claimed })(p, i)
			p.Accounts.ForwardsAddress = false
		}, doctor.Note, "names our page", ""},
		"too many seats": {
			surroundings(func(e *prepare.Examination) { e.License.Seats = 4 }), doctor.Error,
			"are exceeded: 4 active users have administrator or Studio access, the licence Core is for 3", "take Studio access from people",
		},
		"grace": {surroundings(func(e *prepare.Examination) { e.License.Status = "grace" }), doctor.Warning, "period of grace", "return below the limits"},
		"service user suspended": {
			surroundings(func(e *prepare.Examination) { e.ServiceStatus = "suspended" }), doctor.Error,
			`is worth nothing while its user "Gatehouse service" is suspended`, "run gatehouse setup, which sets it back to active",
		},
		"service user of another name": {surroundings(func(e *prepare.Examination) { e.ServiceStatus = "" }), doctor.Note, "names our page", ""},
		"kept by Directus": {
			inspected(func(i *directus.Inspection) { i.Caches.OfDirectus = directus.Yes }), doctor.Warning,
			"keeps what was read of users", "CACHE_AUTO_PURGE=true",
		},
		"kept on the way": {inspected(func(i *directus.Inspection) { i.Caches.Between = directus.Yes }), doctor.Error, "suspended users stay signed in", "have the proxy keep nothing"},
		"nothing is kept": {inspected(func(i *directus.Inspection) {
			i.Caches = directus.Caches{OfDirectus: directus.No, Between: directus.No}
		}), doctor.Note, "names our page", ""},
		"licence locked": {inspected(func(i *directus.Inspection) { i.License.Status = "locked" }), doctor.Error, "is locked", "install a licence"},
		"no sign-in elsewhere": {func(p *doctor.Patient, i *directus.Inspection) {
			offering(nil, nil)(p, i)
			i.Licensed = directus.No
		}, doctor.Warning, "this Directus has no licence", "directus.external_sign_in: false"},
	} {
		t.Run(name, func(t *testing.T) {
			findings := doctor.Examine(t.Context(), registering(test.change))
			var printed bytes.Buffer
			doctor.Print(&printed, findings)
			if worst := doctor.Worst(findings); worst != test.severity {
				t.Errorf("worst: got %v, want %v:\n%s", worst, test.severity, printed.String())
			}
			for _, words := range []string{test.words, test.fix} {
				if !strings.Contains(printed.String(), words) {
					t.Errorf("no word of %q in:\n%s", words, printed.String())
				}
			}
		})
	}
}
