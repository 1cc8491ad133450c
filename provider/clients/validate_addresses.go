package clients

import (
	"net/url"
	"slices"
	"strings"

	"gatehouse/provider/oauth"
)

// maxListed bounds each list of a client that registered itself.
const maxListed = 50

func (v *validation) redirects() {
	client := v.client
	if len(client.ResponseTypes) > 0 && len(client.RedirectURIs) == 0 {
		v.refuse("redirect_uris", "is empty; name every address that the app wants its answer at, exactly as it will ask for it")
	}
	v.redirectURIs("redirect_uris", client.RedirectURIs)
	v.redirectURIs("post_logout_redirect_uris", client.PostLogoutRedirectURIs)
	if client.Native() || !slices.ContainsFunc(client.ResponseTypes, oauth.FrontChannel) {
		return
	}
	for _, uri := range client.RedirectURIs {
		u, problem := parseURI(uri)
		if problem == "" && (u.Scheme != "https" || oauth.IsLoopback(u.Hostname())) {
			// OpenID Connect Dynamic Client Registration 1.0, section 2,
			// application_type.
			v.refuseValue("redirect_uris", uri, "must be https and not this machine, since tokens come to it through the browser")
		}
	}
}

func (v *validation) redirectURIs(field string, uris []string) {
	for _, uri := range uris {
		if problem := redirectURIProblem(uri, v.client.Native()); problem != "" {
			v.refuseValue(field, uri, "%s", problem)
		}
	}
	v.distinct(field, uris)
}

// sector: a client whose redirect URIs have several hosts says which of them
// stands for it (OpenID Connect Core 1.0, section 8.1).
func (v *validation) sector() {
	client := v.client
	v.oneOf("subject_type", client.SubjectType, v.rules.SubjectTypes)
	v.web("sector_identifier_uri", client.SectorIdentifierURI)
	if !client.Pairwise() || client.SectorIdentifierURI != "" {
		return
	}
	hosts, shared := map[string]bool{}, false
	for _, uri := range client.RedirectURIs {
		hosts[hostOf(uri)] = true
		shared = shared || client.Native() && oauth.IsLoopback(hostOf(uri))
	}
	switch {
	case len(hosts) > 1:
		v.refuse("sector_identifier_uri", "is needed for pairwise subjects, since the redirect_uris have several hosts")
	case hosts[""]:
		v.refuse("sector_identifier_uri", "is needed for pairwise subjects, since a redirect URI has no host")
	case shared:
		// Otherwise all apps on devices were one sector, and could compare.
		v.refuse("sector_identifier_uri", "is needed for pairwise subjects, since every native app has the host of a redirect URI")
	}
}

func (v *validation) addresses() {
	v.web("client_uri", v.client.ClientURI)
	v.web("logo_uri", v.client.LogoURI)
	v.web("policy_uri", v.client.PolicyURI)
	v.web("tos_uri", v.client.TermsOfServiceURI)
	v.web("initiate_login_uri", v.client.InitiateLoginURI)
}

// logout holds the addresses that are told of the end of a session to the rules
// of OpenID Connect Front-Channel Logout 1.0 and Back-Channel Logout 1.0, section
// 2 of each.
func (v *validation) logout() {
	front := v.client.FrontChannelLogoutURI
	v.web("frontchannel_logout_uri", front)
	v.web("backchannel_logout_uri", v.client.BackChannelLogoutURI)
	if front != "" && !slices.ContainsFunc(v.client.RedirectURIs, func(uri string) bool { return sameOrigin(uri, front) }) {
		v.refuseValue("frontchannel_logout_uri", front, "must have the scheme, host and port of one of the redirect_uris")
	}
}

func sameOrigin(one, other string) bool {
	a, errA := url.Parse(one)
	b, errB := url.Parse(other)
	return errA == nil && errB == nil && a.Scheme == b.Scheme &&
		strings.EqualFold(a.Hostname(), b.Hostname()) && portOf(a) == portOf(b)
}

func portOf(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "https":
		return "443"
	case u.Scheme == "http":
		return "80"
	}
	return ""
}

// MaxRequestURI is the length beyond which a request_uri must not go (OpenID
// Connect Core 1.0, section 6.2): a longer one could be registered but not used.
const MaxRequestURI = 512

// requests holds the places of request objects to OpenID Connect Core 1.0,
// section 6.2: they may have a fragment.
func (v *validation) requests() {
	for _, uri := range v.client.RequestURIs {
		address, _, _ := strings.Cut(uri, "#")
		v.web("request_uris", address)
		if strings.Count(uri, "#") > 1 || len(uri) > MaxRequestURI || strings.ContainsFunc(uri, func(r rune) bool { return r <= ' ' || r > '~' }) {
			v.refuseValue("request_uris", uri, "is malformed or too long")
		}
	}
	v.distinct("request_uris", v.client.RequestURIs)
}

// web refuses whatever a browser or our own client must not be sent to, such as
// a javascript: address behind a link on the consent page. A client that
// registered itself may not name this machine either: that would be ours, or
// that of whoever looks at the page.
func (v *validation) web(field, uri string) {
	if uri == "" {
		return
	}
	if problem := WebURIProblem(uri); problem != "" {
		v.refuseValue(field, uri, "%s", problem)
		return
	}
	if v.client.Registered != "" && !strings.HasPrefix(uri, "https:") {
		v.refuseValue(field, uri, "must use https")
	}
}

// bounds keeps clients that registered themselves small.
func (v *validation) bounds() {
	client := v.client
	if client.Registered == "" {
		return
	}
	for _, list := range []struct {
		field string
		size  int
	}{
		{"redirect_uris", len(client.RedirectURIs)},
		{"post_logout_redirect_uris", len(client.PostLogoutRedirectURIs)},
		{"request_uris", len(client.RequestURIs)},
		{"contacts", len(client.Contacts)},
		{"default_acr_values", len(client.DefaultACRValues)},
	} {
		if list.size > maxListed {
			v.refuse(list.field, "has more than %d entries", maxListed)
		}
	}
}
