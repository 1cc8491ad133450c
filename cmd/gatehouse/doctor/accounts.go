package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"gatehouse/storage/directus"
	"gatehouse/storage/directus/prepare"
)

// AccountSettings are those of registration, passwords and profiles.
type AccountSettings struct {
	// RegistrationByToken and RegistrationOff are the modes besides that of
	// Directus itself. Role is what the first gives to new users.
	RegistrationByToken, RegistrationOff bool
	Role                                 string
	// PasswordPolicy is directus.password_policy.
	PasswordPolicy string
	// EmailFilter and EnforceTFA are directus.email_filter and
	// directus.enforce_tfa.
	EmailFilter string
	EnforceTFA  []string
	// ExternalSignIn offers the providers of Directus; ExternalURL is where
	// people come back to.
	ExternalSignIn bool
	ExternalURL    string
	// ForwardsAddress says that Directus hears of the person's address.
	ForwardsAddress bool
}

// accounts looks at what people do with their accounts, as far as the service
// token sees it.
func (p Patient) accounts(ctx context.Context, found directus.Inspection) []Finding {
	findings := p.registration(found)
	findings = append(findings, p.writer(ctx)...)
	findings = append(findings, p.external(ctx, found)...)
	findings = append(findings, p.mails()...)
	return append(findings, p.administered(ctx, found)...)
}

func (p Patient) registration(found directus.Inspection) []Finding {
	switch {
	case p.Accounts.RegistrationOff:
		return []Finding{{Severity: OK, Subject: "registration", Detail: "is off (registration.mode)"}}
	case p.Accounts.RegistrationByToken:
		return []Finding{{
			Warning, "registration", "is done with directus.write_token, so Directus sends no mail to prove an address, and does more work for a new address than for a known one: somebody who measures many answers may tell them apart",
			"where Directus has public registration (10.11 and later), use it: registration.mode: auto, and gatehouse setup --registration open",
		}}
	case found.Registration == directus.Unknown:
		return []Finding{{Note, "registration", "of its own is not known to this Directus, so nobody can register", "update Directus, or see registration.mode: service_token"}}
	case found.Registration == directus.No:
		return []Finding{{Severity: OK, Subject: "registration", Detail: "is closed in Directus; gatehouse setup --registration open opens it"}}
	}
	findings := []Finding{{Severity: OK, Subject: "registration", Detail: "is open in Directus"}}
	if found.VerifiesEmail == directus.No {
		findings = append(findings, Finding{
			Warning, "registration", "does not ask people to prove their address: anybody can register with that of somebody else",
			"gatehouse setup --registration open --verify-email",
		})
	}
	return findings
}

// writer says what the token that may write means, and whether it works.
func (p Patient) writer(ctx context.Context) []Finding {
	if p.WriteToken == nil {
		return nil
	}
	rights, err := p.WriteToken(ctx)
	const subject = "write token"
	switch {
	case err != nil:
		return []Finding{{Error, subject, fmt.Sprintf("could not be tried: %v", err), "run gatehouse doctor again"}}
	case rights.Valid == directus.No:
		return []Finding{{Error, subject, "belongs to no active user, or its policy does not let it in from here (IP Access)", "run gatehouse setup --write-token --rotate, or correct the policy " + prepare.WriterName}}
	case rights.Admin == directus.Yes:
		return []Finding{{Error, subject, "is an administrator's, who may do more than users need", "run gatehouse setup --write-token, and use the token that it makes"}}
	}
	findings := []Finding{{
		Note, subject, "may create and change users, their roles included: whoever has it can make himself an administrator",
		"leave it out unless you need it; restrict the policy " + prepare.WriterName + " to the address of Gatehouse (IP Access), and keep the token in a file of its own",
	}}
	if !rights.WritesKnown {
		return findings
	}
	var missing, more []string
	for _, right := range []string{"create directus_users", "update directus_users"} {
		if !slices.Contains(rights.Writes, right) {
			missing = append(missing, right)
		}
	}
	for _, right := range rights.Writes {
		// Pictures of people are files.
		if right != "create directus_users" && right != "update directus_users" && right != "create directus_files" {
			more = append(more, right)
		}
	}
	if len(missing) > 0 {
		findings = append(findings, Finding{Error, subject, "lacks: " + strings.Join(missing, ", "), "run gatehouse setup --write-token, which grants it"})
	}
	if len(more) > 0 {
		findings = append(findings, Finding{Warning, subject, "may do more than it needs: " + strings.Join(more, ", "), "take these rights from the policy " + prepare.WriterName})
	}
	return findings
}

// administered is what only an administrator sees.
func (p Patient) administered(ctx context.Context, found directus.Inspection) []Finding {
	if p.Examine == nil {
		return append(p.limiter(found.Registration, prepare.UnknownForwarding), Finding{
			Note, "administration", "the role of new users, the password policy, the seats, who cannot set up one-time passwords, where invitations lead to, the mail server, the Flow and whether addresses of people are believed are shown to administrators only, and were not looked at",
			"run gatehouse doctor --administrator",
		})
	}
	examined, role, err := p.Examine(ctx)
	if err != nil {
		return []Finding{{Error, "administration", fmt.Sprintf("could not be looked at: %v", err), "check the administrator's credentials"}}
	}
	var findings []Finding
	switch {
	case p.Accounts.RegistrationByToken:
		findings = p.newUsers(role, "correct registration.role")
	case !p.Accounts.RegistrationOff && found.Registration == directus.Yes:
		findings = p.newUsers(examined.Registration.Role, "run gatehouse setup --registration open, which sets the customer role")
	}
	findings = append(findings, p.invitations(examined.Invitations)...)
	if p.Accounts.ForwardsAddress {
		findings = append(findings, p.forwarding(examined.Forwarding)...)
	}
	findings = append(findings, p.limiter(found.Registration, examined.Forwarding)...)
	findings = append(findings, p.mailServer(examined.Mail)...)
	findings = append(findings, p.flow(examined.Flow)...)
	findings = append(findings, p.seats(examined.License)...)
	findings = append(findings, p.serviceUser(examined.ServiceStatus)...)
	findings = append(findings, p.clientWriters(examined.ClientWriters)...)
	findings = append(findings, p.rules(examined.Rules)...)
	for _, enforcement := range examined.CannotEnrol {
		findings = append(findings, Finding{
			Error, "one-time passwords", fmt.Sprintf("the policy %q asks %s for one, but Directus lets only people update their own row set it up: they cannot sign in", enforcement.Policy, enforcement.Holder),
			"take enforce_tfa from them, or let them update their own row (docs/accounts.md has the rule that Directus 12 takes without a licence)",
		})
	}
	return findings
}

func (p Patient) newUsers(role prepare.RoleAccess, fix string) []Finding {
	const subject = "role of new users"
	switch {
	case role.ID == "":
		return []Finding{{Warning, subject, "is none: people who register have no role at all", fix}}
	case role.Name == "":
		return []Finding{{Error, subject, role.ID + " does not exist", fix}}
	case role.Admin:
		return []Finding{{Error, subject, fmt.Sprintf("%q has administrator's access: everybody who registers owns Directus", role.Name), fix}}
	case role.App:
		return []Finding{{Error, subject, fmt.Sprintf("%q has Studio access: everybody who registers enters the Studio, and takes a seat", role.Name), fix}}
	}
	return []Finding{{Severity: OK, Subject: subject, Detail: fmt.Sprintf("%q has no Studio access", role.Name)}}
}
