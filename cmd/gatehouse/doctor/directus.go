package doctor

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"gatehouse/provider/oauth"
	"gatehouse/storage/directus"
)

func (p Patient) directus(ctx context.Context) []Finding {
	findings := p.connection()
	if p.Directus == nil {
		return append(findings, Finding{Error, "Directus token", "is not set", "run gatehouse setup, and set directus.token_file to the file that it wrote"})
	}
	found := p.Directus.Inspect(ctx)
	if found.Reachable != directus.Yes {
		return append(findings, Finding{
			Error, "Directus", fmt.Sprintf("does not answer: %v", found.Problem),
			"check directus.url and that Directus runs",
		})
	}
	for _, look := range []func(directus.Inspection) []Finding{p.clock, p.version, p.login, p.token, p.reads, p.columns, p.attempts} {
		findings = append(findings, look(found)...)
	}
	findings = append(findings, p.allowLists(ctx)...)
	return append(findings, p.accounts(ctx, found)...)
}

func (p Patient) connection() []Finding {
	u, err := url.Parse(p.DirectusURL)
	if err != nil || u.Scheme == "https" || oauth.IsLoopback(u.Hostname()) || !strings.Contains(u.Hostname(), ".") {
		return nil
	}
	return []Finding{{Warning, "Directus address", "passwords travel to Directus unencrypted", "use https in directus.url unless the network between is yours alone"}}
}

func (p Patient) clock(found directus.Inspection) []Finding {
	if !found.ClockKnown {
		return nil
	}
	skew := found.ClockSkew.Abs().Round(time.Second)
	if skew > maxSkew {
		return []Finding{{Error, "clock", fmt.Sprintf("differs from that of Directus by %s", skew), "synchronise both clocks (NTP); tokens depend on them"}}
	}
	return []Finding{{Severity: OK, Subject: "clock", Detail: "agrees with that of Directus"}}
}

// leastMajor is the oldest line of Directus that is tested.
const leastMajor = 10

func (p Patient) version(found directus.Inspection) []Finding {
	if found.Version == "" {
		return []Finding{{Note, "Directus version", "is not told to this token", ""}}
	}
	major, err := strconv.Atoi(strings.SplitN(found.Version, ".", 2)[0])
	switch {
	case err == nil && major < leastMajor:
		return []Finding{{Error, "Directus version", found.Version + " is not supported", "update Directus to 11 or 12"}}
	case err == nil && major == leastMajor:
		return []Finding{{Warning, "Directus version", found.Version + " works, but is old and tested by hand only", "update Directus to 11 or 12"}}
	}
	detail := found.Version
	if found.Licensed == directus.No && major >= 12 {
		detail += ", Core (no licence): sign-in works in full; at most 3 seats with Studio access"
	}
	findings := []Finding{{Severity: OK, Subject: "Directus version", Detail: detail}}
	if found.License.Status == "locked" {
		findings = append(findings, Finding{Error, "Directus licence", "is locked: Directus refuses everybody but administrators", "return below the limits of Core, or install a licence"})
	}
	return findings
}

func (p Patient) login(found directus.Inspection) []Finding {
	if found.LocalLogin == directus.No {
		return []Finding{{Error, "Directus sign-in", "with a password is switched off (AUTH_DISABLE_DEFAULT)", "remove AUTH_DISABLE_DEFAULT from the environment of Directus"}}
	}
	return nil
}

func (p Patient) token(found directus.Inspection) []Finding {
	rights := found.Token
	switch {
	case rights.Valid == directus.No:
		return []Finding{{Error, "Directus token", "belongs to no active user", "run gatehouse setup --rotate"}}
	case rights.Valid != directus.Yes:
		return []Finding{{Error, "Directus token", fmt.Sprintf("could not be tried: %v", found.Problem), "run gatehouse doctor again"}}
	case rights.Admin == directus.Yes:
		return []Finding{{Error, "Directus token", "is an administrator's; gatehouse serve refuses it", "run gatehouse setup for a least-privilege token"}}
	case rights.ReadsUsers == directus.No || rights.ReadsRoles == directus.No || rights.ReadsEveryUser == directus.No:
		return []Finding{{Error, "Directus token", "may not read every field of every user and role", "run gatehouse setup, which mends the policy"}}
	}
	findings := []Finding{{Severity: OK, Subject: "Directus token", Detail: "may read users and roles"}}
	if rights.WritesKnown && len(rights.Writes) > 0 {
		findings = append(findings, Finding{
			Warning, "Directus token", "may do more than it needs: " + strings.Join(rights.Writes, ", "),
			"run gatehouse setup, or take these rights from its policy; what writes has a token of its own, directus.write_token",
		})
	}
	if rights.AppAccess == directus.Yes {
		findings = append(findings, Finding{Warning, "Directus token", "has Studio access, and takes a seat", "take app access from the policy of the service user"})
	}
	return findings
}

func (p Patient) columns(found directus.Inspection) []Finding {
	if len(found.MissingColumns) == 0 {
		return nil
	}
	return []Finding{{
		Error, "claims", "these fields of directus_users do not exist or may not be read: " + strings.Join(found.MissingColumns, ", "),
		"correct claims in the configuration, or add the fields in Directus",
	}}
}

func (p Patient) attempts(found directus.Inspection) []Finding {
	if !found.LoginAttemptsKnown {
		return []Finding{{
			Note, "Directus lock-out", fmt.Sprintf("is taken to be %d attempts (directus.attempts_limit); this token may not read auth_login_attempts", p.AttemptsLimit),
			"compare the two; where Gatehouse is the only entrance, switch the lock-out off: gatehouse setup --attempts-off",
		}}
	}
	if found.LoginAttempts != p.AttemptsLimit {
		return []Finding{{
			Error, "Directus lock-out", fmt.Sprintf("auth_login_attempts is %d, directus.attempts_limit %d", found.LoginAttempts, p.AttemptsLimit),
			"write the number of Directus into directus.attempts_limit (0 where it is switched off)",
		}}
	}
	if found.LoginAttempts > 0 {
		return []Finding{{
			Note, "Directus lock-out", "suspends a user for good after failed sign-ins; Gatehouse stays below it",
			"where Gatehouse is the only entrance, switch it off: gatehouse setup --attempts-off, and directus.attempts_limit: 0",
		}}
	}
	return nil
}

func (p Patient) allowLists(ctx context.Context) []Finding {
	lists, err := p.Directus.AllowLists(ctx, p.Pages)
	if err != nil {
		return []Finding{{Warning, "allow-lists", fmt.Sprintf("could not be tried: %v", err), "run gatehouse doctor again"}}
	}
	var findings []Finding
	for _, list := range []struct {
		variable, url string
		answer        directus.Known
	}{
		{"PASSWORD_RESET_URL_ALLOW_LIST", p.Pages.Reset, lists.Reset},
		{"USER_REGISTER_URL_ALLOW_LIST", p.Pages.Verify, lists.Verify},
	} {
		if list.url == "" {
			continue
		}
		switch list.answer {
		case directus.No:
			findings = append(findings, Finding{
				Warning, "allow-lists", fmt.Sprintf("Directus puts no link to %s into its mails", list.url),
				fmt.Sprintf("add it to %s in the environment of Directus, and restart Directus", list.variable),
			})
		case directus.Yes:
			findings = append(findings, Finding{Severity: OK, Subject: "allow-lists", Detail: list.variable + " names our page"})
		case directus.Unknown:
			findings = append(findings, Finding{Note, "allow-lists", "this Directus does not let us find out whether " + list.variable + " names " + list.url, "look at the environment of Directus"})
		}
	}
	return findings
}
