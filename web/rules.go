package web

import (
	"context"
	"net/http"

	"gatehouse/provider/event"
	"gatehouse/storage"
)

// judgementsPerMail is how many more rules a network may have judged than it may
// ask for mails: people try several passwords for one account.
const judgementsPerMail = 10

// newPasswordProblem says what is wrong with a password that somebody wants to
// have. Directus checks its policy for addresses only that it does not know yet:
// asked alone, it would tell which ones it knows.
//
// The error is an addressThrottledError where the policy may take long and the
// network had too much judged; then nothing was.
func (web *Web) newPasswordProblem(r *http.Request, password string) (key string, err error) {
	switch {
	case password == "":
		return "password.problem.missing", nil
	case len(password) > storage.MaxPasswordSize:
		return "password.problem.long", nil
	case web.passwordPolicy == nil:
		return "", nil
	}
	if err := web.judge(r); err != nil {
		return "", err
	}
	if !web.passwordPolicy(password) {
		return web.passwordRules.problem(), nil
	}
	return "", nil
}

// newAddressProblem says what is wrong with an address that somebody wants to
// register. The filter is the same for addresses with and without an account. The
// error is that of newPasswordProblem.
func (web *Web) newAddressProblem(r *http.Request, email string) (key string, err error) {
	if key := emailProblem(email); key != "" || web.emailFilter == nil {
		return key, nil
	}
	if err := web.judge(r); err != nil {
		return "", err
	}
	if !web.emailFilter(email) {
		return "register.problem.closed", nil
	}
	return "", nil
}

// judge counts a judgement of the network before it is made: a pattern of the
// operator's may keep a processor busy for as long as it is let, and anybody may
// send as many texts for it as he likes.
func (web *Web) judge(r *http.Request) error {
	if !web.slowRules {
		return nil
	}
	ctx := context.WithoutCancel(r.Context())
	return web.mailings.take(ctx, web.mailings.judgements(event.RequestOf(ctx).ClientAddress))
}
