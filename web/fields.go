package web

import (
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"gatehouse/storage"
)

// problem is what is wrong with a form.
type problem struct {
	// Field is where it is, or where to begin if it is of no single field: then
	// it is General.
	Field   string
	General bool
	// Key names the words, Limit fills their placeholder.
	Key   string
	Limit int
}

// problems are those of a form, in the order of its fields.
type problems []problem

// Of is what is wrong with the field, or nil.
func (p problems) Of(field string) *problem {
	for _, one := range p {
		if one.Field == field && !one.General {
			return &one
		}
	}
	return nil
}

// add notes a problem of a field, if the key is not empty.
func (p *problems) add(field, key string, limit int) {
	if key != "" {
		*p = append(*p, problem{Field: field, Key: key, Limit: limit})
	}
}

// emailProblem says what is wrong with an address as Directus would see it, as
// far as that can be said without asking.
func emailProblem(email string) string {
	local, domain, _ := strings.Cut(email, "@")
	switch {
	case email == "":
		return "login.problem.email_missing"
	case !plain(email), strings.ContainsFunc(email, unicode.IsSpace), local == "", domain == "":
		return "login.problem.email_form"
	case utf8.RuneCountInString(email) > storage.MaxEmailLength:
		return "register.problem.email_length"
	}
	return ""
}

// nameProblem says what is wrong with a name, which may be empty.
func nameProblem(name string) string {
	if !plain(name) || utf8.RuneCountInString(name) > storage.MaxNameLength {
		return "register.problem.name"
	}
	return ""
}

// plain says that a text is one line that databases take.
func plain(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, unicode.IsControl)
}

// PasswordRules name the policy of the project, so that pages can say what it
// asks for.
type PasswordRules string

// The rules that Directus offers, and those that an operator wrote himself.
const (
	NoPasswordRules     PasswordRules = ""
	WeakPasswordRules   PasswordRules = "weak"
	StrongPasswordRules PasswordRules = "strong"
	OwnPasswordRules    PasswordRules = "own"
)

// hint is the key of what stands above the field of a new password.
func (rules PasswordRules) hint() string {
	switch rules {
	case NoPasswordRules:
		return "password.hint.none"
	case WeakPasswordRules:
		return "password.hint.weak"
	case StrongPasswordRules:
		return "password.hint.strong"
	case OwnPasswordRules:
		return "password.hint.own"
	}
	return "password.hint.own"
}

// problem is the key of what a password lacks that was refused.
func (rules PasswordRules) problem() string {
	switch rules {
	case WeakPasswordRules:
		return "password.problem.weak"
	case StrongPasswordRules:
		return "password.problem.strong"
	case NoPasswordRules, OwnPasswordRules:
	}
	return "password.problem.own"
}

// away is shown instead of an error page where the person would lose what he
// typed or the token of a mail: the same form, to be sent again.
func away(w http.ResponseWriter, field string) (problem, int) {
	w.Header().Set("Retry-After", "10")
	return problem{Field: field, Key: "page.unavailable", General: true}, http.StatusServiceUnavailable
}
