package clients

import (
	"net/url"

	"gatehouse/provider/oauth"
	"gatehouse/storage"
)

// OpenPath is where a sign-in at an app starts, below the issuer.
const OpenPath = "/apps/open"

// OpenURL is the address of ours that starts a sign-in at the app. It is empty
// for an app that registered no initiate_login_uri.
func OpenURL(issuer string, client storage.Client) string {
	if client.InitiateLoginURI == "" {
		return ""
	}
	return oauth.AddQuery(oauth.Below(issuer, OpenPath), url.Values{"client_id": {client.ID}})
}

// HomeURL is where a person gets back to the app: the address that starts a
// sign-in, its home page, or the origin of a redirect_uri; registered ones only,
// never one out of a request. It is empty for an app that has none of them.
func HomeURL(issuer string, client storage.Client) string {
	for _, candidate := range []string{OpenURL(issuer, client), client.ClientURI} {
		if candidate != "" {
			return candidate
		}
	}
	for _, registered := range client.RedirectURIs {
		if u, err := url.Parse(registered); err == nil && (u.Scheme == "https" || u.Scheme == "http") {
			return u.Scheme + "://" + u.Host + "/"
		}
	}
	return ""
}
