package web

import (
	"net/http"
	"slices"
	"time"

	"gatehouse/provider/oauth"
	"gatehouse/provider/session"
)

const (
	deviceCookie   = "device"
	deviceLifetime = 365 * 24 * time.Hour
	deviceSignIns  = 10
)

// device is what a browser carries of the accounts it signed in to: sealed, so
// that nobody can claim an account he never signed in to, and as digests. It
// opens nothing; it only gives a share of its own when strangers have used up
// theirs, and says whose mail is read here (see confirmed.go).
type device struct {
	SignIns   []deviceSignIn     `json:"s"`
	Confirmed []confirmedAddress `json:"c,omitempty"`
	At        time.Time          `json:"t"`
}

// deviceSignIn is the exact name that was typed, and the account that it led
// to. A name that merely looks alike may lead to another.
type deviceSignIn struct {
	Name    string `json:"n"`
	Account string `json:"a"`
}

// devices reads and writes the cookie.
type devices struct {
	cookies session.Cookies
	handles *oauth.Handles
	now     func() time.Time
}

// account is the digest of the account that the browser signed in to by this
// address, empty if it never did.
func (d *devices) account(r *http.Request, email string) string {
	name := nameDigest(email)
	for _, signIn := range d.read(r).SignIns {
		if signIn.Name == name {
			return signIn.Account
		}
	}
	return ""
}

// remember adds a sign-in to those of the browser. What was confirmed for the
// account has served then.
func (d *devices) remember(w http.ResponseWriter, r *http.Request, email, accountID string) error {
	latest := deviceSignIn{Name: nameDigest(email), Account: accountDigest(accountID)}
	known := d.read(r)
	known.SignIns = slices.DeleteFunc(known.SignIns, func(other deviceSignIn) bool { return other.Name == latest.Name })
	known.SignIns = append([]deviceSignIn{latest}, known.SignIns...)
	known.SignIns = known.SignIns[:min(len(known.SignIns), deviceSignIns)]
	known.Confirmed = slices.DeleteFunc(known.Confirmed, func(c confirmedAddress) bool { return c.Account == latest.Account })
	return d.write(w, known)
}

func (d *devices) write(w http.ResponseWriter, known device) error {
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
