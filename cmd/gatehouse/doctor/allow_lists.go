package doctor

import (
	"context"
	"fmt"

	"gatehouse/storage/directus"
	"gatehouse/storage/directus/prepare"
)

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
				Warning, "allow-lists", fmt.Sprintf("Directus puts no link to %s into its mails", list.url), allow(list.variable, list.url),
			})
		case directus.Yes:
			findings = append(findings, Finding{Severity: OK, Subject: "allow-lists", Detail: list.variable + " names our page"})
		case directus.Unknown:
			findings = append(findings, Finding{Note, "allow-lists", "this Directus does not let us find out whether " + list.variable + " names " + list.url, "look at the environment of Directus"})
		}
	}
	return findings
}

// allow says how an address gets on a list, to be copied as it is where nothing
// else is on it.
func allow(variable, url string) string {
	return fmt.Sprintf("set %s=%s in the environment of Directus, behind a comma if it names others already, and restart Directus", variable, url)
}

// invitations says where the Studio's mails may lead to, which only an
// administrator can find out: whoever may not invite is told nothing.
func (p Patient) invitations(answer prepare.Answer) []Finding {
	const variable = "USER_INVITE_URL_ALLOW_LIST"
	switch answer {
	case prepare.No:
		return []Finding{{Warning, "allow-lists", fmt.Sprintf("Directus puts no link to %s into mails that invite", p.InviteURL), allow(variable, p.InviteURL)}}
	case prepare.Yes:
		return []Finding{{Severity: OK, Subject: "allow-lists", Detail: variable + " names our page"}}
	case prepare.NotAsked:
	}
	return []Finding{{Note, "allow-lists", "this Directus does not let us find out whether " + variable + " names " + p.InviteURL, "look at the environment of Directus"}}
}
