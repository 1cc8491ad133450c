package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"gatehouse/provider/authorize"
	"gatehouse/storage"
)

// consentPage is the data of consent.html.
type consentPage struct {
	page
	App    app
	Action string
	Digest string
	// Host is where the answer goes: the one thing about an app that nobody
	// can make up. Empty for an app on the person's device.
	Host                 string
	Name, Email, Initial string
	OtherURL             string
	Gets                 []permission
	Withheld             []string
	Changed              bool
}

// permission is what a scope allows, in words.
type permission struct {
	Key string
	// Scope is set for a scope or claim that only the app can explain.
	Scope string
	// Words are those of the operator, in place of Key.
	Words string
}

// scopeWords are the scopes that have words of their own, in the order in which
// they are listed; withheld says what an app without it will not get.
var scopeWords = []struct {
	scope, gets, withheld string
}{
	{"openid", "consent.gets.openid", ""},
	{"profile", "consent.gets.profile", "consent.withheld.profile"},
	{"email", "consent.gets.email", "consent.withheld.email"},
	{"phone", "consent.gets.phone", "consent.withheld.phone"},
	{"address", "consent.gets.address", "consent.withheld.address"},
	{"offline_access", "consent.gets.offline_access", "consent.withheld.offline_access"},
}

// claimWords are the claims that an app may ask for one by one, each with the scope
// whose place in the list it takes. What is told of a name is told of its parts.
var claimWords = []claimWord{
	{"name", "profile", "consent.gets.name"},
	{"given_name", "profile", "consent.gets.name"},
	{"family_name", "profile", "consent.gets.name"},
	{"middle_name", "profile", "consent.gets.name"},
	{"nickname", "profile", "consent.gets.nickname"},
	{"preferred_username", "profile", "consent.gets.nickname"},
	{"picture", "profile", "consent.gets.picture"},
	{"profile", "profile", "consent.gets.web"},
	{"website", "profile", "consent.gets.web"},
	{"gender", "profile", "consent.gets.gender"},
	{"birthdate", "profile", "consent.gets.birthdate"},
	{"zoneinfo", "profile", "consent.gets.zoneinfo"},
	{"locale", "profile", "consent.gets.locale"},
	{"updated_at", "profile", "consent.gets.updated_at"},
	{"email", "email", "consent.gets.email"},
	{"email_verified", "email", "consent.gets.email"},
	{"phone_number", "phone", "consent.gets.phone"},
	{"phone_number_verified", "phone", "consent.gets.phone"},
	{"address", "address", "consent.gets.address"},
}

type claimWord struct{ claim, scope, gets string }

// permissions puts scopes into words, and claims that were asked for beyond them. A
// scope of which some claims are asked for is not said to be withheld.
func (web *Web) permissions(scopes, claims []string) (gets []permission, withheld []string) {
	withheld = []string{"consent.withheld.password"}
	known := map[string]bool{}
	for _, words := range scopeWords {
		known[words.scope] = true
		if slices.Contains(scopes, words.scope) {
			gets = append(gets, permission{Key: words.gets})
			continue
		}
		parts := partsOf(words.scope, claims)
		gets = append(gets, parts...)
		if words.withheld != "" && len(parts) == 0 {
			withheld = append(withheld, words.withheld)
		}
	}
	for _, scope := range scopes {
		if !known[scope] {
			gets = append(gets, permission{Key: "consent.gets.other", Scope: scope, Words: web.scopeWords[scope]})
		}
	}
	for _, claim := range claims {
		if !slices.ContainsFunc(claimWords, func(words claimWord) bool { return words.claim == claim }) {
			gets = append(gets, permission{Key: "consent.gets.other", Scope: claim})
		}
	}
	return gets, withheld
}

// partsOf puts into words those of the claims that the scope stands for.
func partsOf(scope string, claims []string) []permission {
	var parts []permission
	for _, words := range claimWords {
		part := permission{Key: words.gets}
		if words.scope == scope && slices.Contains(claims, words.claim) && !slices.Contains(parts, part) {
			parts = append(parts, part)
		}
	}
	return parts
}

func (s *screens) consent(w http.ResponseWriter, r *http.Request) {
	interaction, ok := s.open(w, r)
	if !ok {
		return
	}
	if interaction.Next != authorize.PromptConsent {
		seeOther(w, r, interaction.ResumeURL)
		return
	}
	s.showConsent(w, r, interaction, false)
}

func (s *screens) showConsent(w http.ResponseWriter, r *http.Request, interaction *authorize.Interaction, changed bool) {
	account, err := s.accounts.Find(r.Context(), interaction.Session.Subject, s.accountAge)
	if errors.Is(err, storage.ErrNotFound) {
		err = authorize.ErrExpired
	}
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	name := fullName(account)
	data := consentPage{
		page: s.screen(w, r, s.readerOf(r, interaction)), App: appOf(interaction.Client), Action: here(r, "", ""),
		Digest: interaction.ConsentDigest, Host: destination(interaction),
		Name: name, Email: account.Email, Initial: initial(name + account.Email),
		OtherURL: s.prefix + "/login" + here(r, "other", "1"), Changed: changed,
	}
	data.Gets, data.Withheld = s.permissions(interaction.Request.Scopes, interaction.Claims)
	if interaction.Client.DirectusExchange != "" {
		// A Directus token has no scope: whatever a scope keeps back, the app can read there.
		data.Gets = append([]permission{{Key: "consent.gets.directus"}}, data.Gets...)
		data.Withheld = slices.DeleteFunc(data.Withheld, func(key string) bool {
			return key != "consent.withheld.password" && key != "consent.withheld.offline_access"
		})
	}
	data.Failed = changed
	s.show(w, r, http.StatusOK, "consent", data, s.endsAt(interaction))
}

func (s *screens) consentPost(w http.ResponseWriter, r *http.Request) {
	interaction, form, ok := s.submitted(w, r)
	if !ok {
		return
	}
	if interaction.Next != authorize.PromptConsent {
		seeOther(w, r, interaction.ResumeURL)
		return
	}
	next, err := s.interactions.Consent(r.Context(), interaction, form.Get("digest"))
	if errors.Is(err, authorize.ErrConsentChanged) {
		s.showConsent(w, r, interaction, true)
		return
	}
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	s.forgetPassword(r, interaction)
	seeOther(w, r, next)
}

// destination is the host that the answer goes to, and empty for an app on the
// device: one with a scheme of its own, or on a loopback port, which is the only
// plain http address that a native app may have (RFC 8252, section 7.3).
func destination(interaction *authorize.Interaction) string {
	address := interaction.Request.RedirectURI
	if interaction.Client.Native() && strings.HasPrefix(address, "http:") {
		return ""
	}
	return hostOf(address)
}

// hostOf is the host of a web address, and empty for any other.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || webAddress(address) == "" {
		return ""
	}
	return u.Host
}
