package web

import (
	"encoding/base64"
	"net/http"
	"slices"
	"time"

	"gatehouse/provider/oauth"
	"gatehouse/provider/session"
)

const (
	deviceCookie   = "device"
	deviceLifetime = 365 * 24 * time.Hour
	deviceAccounts = 10
)

// device is what a browser carries of the accounts it signed in to: sealed, so
// that nobody can claim an account he never signed in to, and as digests. It
// opens nothing; it only gives a share of its own when strangers have used up
// theirs.
type device struct {
	Accounts []string  `json:"a"`
	At       time.Time `json:"t"`
}

// devices reads and writes the cookie.
type devices struct {
	cookies session.Cookies
	handles *oauth.Handles
	now     func() time.Time
}

func (d *devices) knows(r *http.Request, email string) bool {
	return slices.Contains(d.read(r).Accounts, deviceDigest(email))
}

// remember adds the account to those the browser signed in to.
func (d *devices) remember(w http.ResponseWriter, r *http.Request, email string) error {
	digest := deviceDigest(email)
	known := d.read(r)
	known.Accounts = slices.DeleteFunc(known.Accounts, func(other string) bool { return other == digest })
	known.Accounts = append([]string{digest}, known.Accounts...)
	known.Accounts = known.Accounts[:min(len(known.Accounts), deviceAccounts)]
	known.At = d.now().UTC().Truncate(time.Second)
	value, err := d.handles.Seal(oauth.DeviceHandle, known)
	if err != nil {
		return err
	}
	d.cookies.Set(w, deviceCookie, value, deviceLifetime)
	return nil
}

// read takes a damaged or old cookie for none.
func (d *devices) read(r *http.Request) device {
	var known device
	value := d.cookies.Read(r, deviceCookie)
	if value == "" || d.handles.Open(oauth.DeviceHandle, value, &known) != nil || d.now().Sub(known.At) > deviceLifetime {
		return device{}
	}
	return known
}

func deviceDigest(email string) string {
	return base64.RawURLEncoding.EncodeToString(oauth.Digest("device\x00" + attemptsName(email))[:16])
}
