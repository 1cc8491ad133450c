package doctor

import "gatehouse/storage/directus/prepare"

// mails says where those lead to that the Studio sends, which no request can
// find out: what Directus lets us put into them is another matter.
func (p Patient) mails() []Finding {
	return []Finding{{
		Note, "mails", "that are sent from the Studio, such as invitations, lead to the Studio unless Directus has templates of ours",
		"install examples/directus-templates (EMAIL_TEMPLATES_PATH), and send yourself an invitation",
	}}
}

// mailServer says what Directus itself finds when it tries it.
func (p Patient) mailServer(answer prepare.Answer) []Finding {
	const subject = "mail server"
	switch answer {
	case prepare.No:
		return []Finding{{
			Error, subject, "is not reached by Directus: nobody can reset a password, prove an address or accept an invitation, and Directus tells people nothing of it",
			"set EMAIL_TRANSPORT=smtp, EMAIL_SMTP_HOST, EMAIL_SMTP_PORT, EMAIL_SMTP_USER and EMAIL_SMTP_PASSWORD in the environment of Directus, and restart it; its log has the reason",
		}}
	case prepare.Yes:
		return []Finding{{Severity: OK, Subject: subject, Detail: "is reached by Directus, if it sends by SMTP; it tries no other (EMAIL_TRANSPORT is sendmail unless set)"}}
	case prepare.NotAsked:
	}
	return []Finding{{
		Note, subject, "was not tried by Directus (EMAIL_VERIFY_SETUP or HEALTHCHECK_SERVICES forbid it, or this version does not)",
		"set EMAIL_VERIFY_SETUP=true in the environment of Directus, or reset a password of your own, and see that the mail comes",
	}}
}
