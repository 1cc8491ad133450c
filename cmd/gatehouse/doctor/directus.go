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
	for _, look := range []func(directus.Inspection) []Finding{p.clock, p.version, p.license, p.caches, p.login, p.token, p.reads, p.columns, p.attempts} {
		findings = append(findings, look(found)...)
	}
	findings = append(findings, p.fields(ctx)...)
	findings = append(findings, p.webSocket(ctx)...)
	findings = append(findings, p.allowLists(ctx)...)
	findings = append(findings, p.clients(ctx)...)
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
	return []Finding{{Severity: OK, Subject: "Directus version", Detail: detail}}
}

func (p Patient) login(found directus.Inspection) []Finding {
	if found.LocalLogin == directus.No {
		return []Finding{{Error, "Directus sign-in", "with a password is switched off (AUTH_DISABLE_DEFAULT)", "remove AUTH_DISABLE_DEFAULT from the environment of Directus"}}
	}
	return nil
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

// stricterThan says that we stop before Directus does, with auth_login_attempts as
// given, suspends anybody: that people wait longer than they need to is all.
func (p Patient) stricterThan(attempts int) bool {
	return attempts == 0 || p.AttemptsLimit > 0 && p.AttemptsLimit < attempts
}

func (p Patient) attempts(found directus.Inspection) []Finding {
	if !found.LoginAttemptsKnown && p.Examine != nil {
		return nil // an administrator sees it, see rules
	}
	if !found.LoginAttemptsKnown {
		return []Finding{{
			Note, "Directus lock-out", fmt.Sprintf("is taken to be %d attempts (directus.attempts_limit); this token may not read auth_login_attempts", p.AttemptsLimit),
			"compare the two; where Gatehouse is the only entrance, switch the lock-out off: gatehouse setup --attempts-off",
		}}
	}
	if found.LoginAttempts != p.AttemptsLimit {
		severity := Error
		if p.stricterThan(found.LoginAttempts) {
			severity = Note
		}
		return []Finding{{
			severity, "Directus lock-out", fmt.Sprintf("auth_login_attempts is %d, directus.attempts_limit %d", found.LoginAttempts, p.AttemptsLimit),
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
