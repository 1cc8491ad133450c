package web

import (
	"net/http"
	"slices"
	"time"

	"gatehouse/provider/event"
	"gatehouse/storage"
)

const (
	// confirmationLifetime is how long after confirming an address a browser may
	// sign in for the first time.
	confirmationLifetime = 30 * 24 * time.Hour
	deviceConfirmations  = 10
)

// confirmedAddress says that the button behind the link of a mail was pressed in this
// browser: whoever uses it reads the mail. It does not say who chose the password.
// Directus keeps the first one of an account that waits, so that a stranger may
// have registered the address before its owner did, here or at Directus itself,
// at any time. The address counts as verified when the same browser also shows
// the password, or when the mail's reader sets another (ADR 0006).
type confirmedAddress struct {
	Account string    `json:"a"`
	Address string    `json:"n"`
	At      time.Time `json:"t"`
}

// confirm adds an address to those that this browser's mail is of.
func (d *devices) confirm(w http.ResponseWriter, r *http.Request, account storage.Account) error {
	latest := confirmedAddress{
		Account: accountDigest(account.ID), Address: nameDigest(account.Email), At: d.now().UTC().Truncate(time.Second),
	}
	known := d.read(r)
	known.Confirmed = slices.DeleteFunc(known.Confirmed, func(c confirmedAddress) bool { return c.Account == latest.Account })
	known.Confirmed = append([]confirmedAddress{latest}, known.Confirmed...)
	known.Confirmed = known.Confirmed[:min(len(known.Confirmed), deviceConfirmations)]
	return d.write(w, known)
}

// confirmed says whether the address that the account has now was confirmed in
// this browser.
func (d *devices) confirmed(r *http.Request, account storage.Account) bool {
	if account.ID == "" || account.Email == "" {
		return false
	}
	return slices.ContainsFunc(d.read(r).Confirmed, func(c confirmedAddress) bool {
		return c.Account == accountDigest(account.ID) && c.Address == nameDigest(account.Email) && d.now().Sub(c.At) <= confirmationLifetime
	})
}

// confirmed has the browser keep that it confirmed the address. Failing, the
// address only counts as not verified yet; the token is spent either way.
func (s *screens) confirmed(w http.ResponseWriter, r *http.Request, account storage.Account) {
	if err := s.devices.confirm(w, r, account); err != nil {
		s.sink.Emit(r.Context(), event.Event{Name: event.InternalError, Kind: "screen", Subject: account.ID, Reason: "a confirmed address was not noted", Err: err})
	}
}
