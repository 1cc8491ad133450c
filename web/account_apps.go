package web

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"gatehouse/provider/oauth"
	"gatehouse/storage"
)

const appsPath = "/account/apps"

// appsPage is the data of account_apps.html.
type appsPage struct {
	accountPage
	Apps []appItem
}

// appItem is an app that may use the account.
type appItem struct {
	App    app
	Number int
	// Host is where the app is, empty for one on the person's device.
	Host string
	Gets []permission
	// Since is when the person allowed it, and LastGrant when he last signed in
	// to it; either may be zero.
	Since, LastGrant time.Time
	RemoveURL        string
	// OpenURL is empty where the app cannot be opened from here.
	OpenURL string
	// Closed says that the app is not open to the visitor any more.
	Closed bool
}

func (s *screens) apps(w http.ResponseWriter, r *http.Request) {
	who, ok := s.enter(w, r, appsPath)
	if !ok {
		return
	}
	apps, err := s.desk.Apps(r.Context(), who.account)
	if err != nil {
		s.accountFailed(w, r, err)
		return
	}
	data := appsPage{accountPage: s.accountPage(w, r, who, appsPath)}
	var logos []string
	for i, authorized := range apps {
		item := appItem{
			App: appOf(authorized.Client), Number: i + 1, Host: hostOfApp(authorized.Client),
			Since: authorized.Since, LastGrant: authorized.LastGrant, RemoveURL: s.prefix + appsPath + "/" + appValue(authorized.Client.ID),
			OpenURL: webAddress(authorized.OpenURL), Closed: authorized.Closed,
		}
		item.Gets, _ = s.permissions(authorized.Scopes, authorized.Claims)
		if authorized.Directus && authorized.Client.DirectusExchange != "" {
			item.Gets = append([]permission{{Key: "consent.gets.directus"}}, item.Gets...)
		}
		logos = append(logos, authorized.Client.LogoURI)
		data.Apps = append(data.Apps, item)
	}
	s.showAccount(w, r, http.StatusOK, "account_apps", data, logos...)
}

// removeApp asks, and then removes an app: one of the visitor's, which the
// address names.
func (s *screens) removeApp(w http.ResponseWriter, r *http.Request) {
	who, ok := s.enter(w, r, appsPath)
	if !ok {
		return
	}
	apps, err := s.desk.Apps(r.Context(), who.account)
	if err != nil {
		s.accountFailed(w, r, err)
		return
	}
	i := slices.IndexFunc(apps, func(a storage.AuthorizedApp) bool { return appValue(a.Client.ID) == chi.URLParam(r, "app") })
	if i < 0 {
		// It was removed meanwhile: the list shows what is left.
		seeOther(w, r, s.prefix+appsPath)
		return
	}
	if r.Method != http.MethodPost {
		s.confirm(w, r, who, appsPath, confirmation{
			Heading: "apps.remove_heading", Words: "apps.remove_words", Submit: "apps.remove", ID: "app-remove-confirm", App: appOf(apps[i].Client),
		})
		return
	}
	if err := s.desk.RemoveApp(r.Context(), who.session.Subject, apps[i].Client.ID); err != nil {
		s.accountFailed(w, r, err)
		return
	}
	s.done(w, r, appsPath, "app")
}

// appValue names an app in addresses: ids of clients may hold anything.
func appValue(clientID string) string {
	return base64.RawURLEncoding.EncodeToString(oauth.Digest("app\x00" + clientID)[:16])
}

// hostOfApp is the first host that answers to the app go to, and empty for one on
// the person's device, as on the consent screen.
func hostOfApp(client storage.Client) string {
	for _, address := range client.RedirectURIs {
		if client.Native() && strings.HasPrefix(address, "http:") {
			continue
		}
		if host := hostOf(address); host != "" {
			return host
		}
	}
	return ""
}
