package clients

import (
	"net/url"

	"gatehouse/storage"
)

// HomeURL is where a person gets back to the app: an address that starts a
// sign-in, its home page, or the origin of a redirect_uri; registered ones only,
// never one out of a request. It is empty for an app that has none of them.
func HomeURL(client storage.Client) string {
	for _, candidate := range []string{client.InitiateLoginURI, client.ClientURI} {
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
