package prepare

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"

	"gatehouse/storage/directus/internal/rest"
)

// License is the licence of Directus 12, as administrators see it; empty for
// older ones.
type License struct {
	Name string
	// Status is "active", "grace" while a limit may be exceeded for some weeks, or
	// "locked" when Directus refuses everybody but administrators.
	Status string
	// Seats are taken by active users with Studio access; SeatLimit is how many
	// there may be, below zero for any number.
	Seats, SeatLimit int
	// SingleSignOn says whether people may sign in with other providers.
	SingleSignOn bool
}

func (p *preparation) examineLicense(ctx context.Context, found *Examination) error {
	var license struct {
		Name   string `json:"name"`
		Status string `json:"status"`
		Usage  struct {
			Seats int `json:"seats"`
		} `json:"usage"`
		Entitlements struct {
			Seats struct {
				Limit   int `json:"limit"`
				Overage int `json:"overage"`
				Addon   int `json:"addon"`
			} `json:"seats"`
			SingleSignOn entitlement `json:"sso_enabled"`
		} `json:"entitlements"`
	}
	err := p.admin.get(ctx, "/license", nil, &license)
	if status := rest.Status(err); status == http.StatusNotFound || status == http.StatusForbidden {
		return nil // before Directus 12
	}
	if err != nil {
		return failed(err)
	}
	seats := license.Entitlements.Seats
	found.License = License{
		Name: license.Name, Status: license.Status, SingleSignOn: license.Entitlements.SingleSignOn.granted(),
		Seats: license.Usage.Seats, SeatLimit: seats.Limit + seats.Overage + seats.Addon,
	}
	if seats.Limit < 0 || seats.Overage < 0 || seats.Addon < 0 {
		found.License.SeatLimit = -1
	}
	return nil
}

// entitlement is a right that a licence gives or not.
type entitlement struct {
	Default  bool  `json:"default"`
	Override *bool `json:"override"`
}

func (e entitlement) granted() bool {
	if e.Override != nil {
		return *e.Override
	}
	return e.Default
}

// Answer is what came of a question to Directus.
type Answer int

// The answers. NotAsked is that of a question which the options do not ask, or
// which Directus left open.
const (
	NotAsked Answer = iota
	Yes
	No
)

// examineInvitations finds out whether Directus takes our address into mails
// that invite, by an invitation that comes to nothing: the role does not exist,
// which only the database finds, after Directus has looked at the address. A
// database that lets it pass would have made a user: he is taken away again.
func (p *preparation) examineInvitations(ctx context.Context, found *Examination) error {
	if p.options.InviteURL == "" {
		return nil
	}
	role, err := p.randomUUID()
	if err != nil {
		return err
	}
	address := "doctor-" + role + "@example.com"
	_, err = p.admin.rest.Do(ctx, rest.Request{
		Name: "try an invitation", Method: http.MethodPost, Path: "/users/invite", Token: p.admin.access,
		Body: map[string]string{"email": address, "role": role, "invite_url": p.options.InviteURL},
	}, nil)
	switch {
	case rest.Code(err) == "INVALID_PAYLOAD":
		found.Invitations = No
	case rest.Code(err) == "INVALID_FOREIGN_KEY":
		found.Invitations = Yes
	case err == nil:
		found.Invitations = Yes
		_, err = p.admin.rest.Do(ctx, rest.Request{
			Name: "take the invitation back", Method: http.MethodDelete, Path: "/users", Token: p.admin.access,
			Body: map[string]any{"query": map[string]any{"filter": map[string]any{"email": equals(address)}, "limit": -1}},
		}, nil)
		return failed(err)
	case rest.Status(err) == 0 || rest.Status(err) >= http.StatusInternalServerError:
		return failed(err)
	}
	return nil
}

// Addresses from ranges for documentation (RFC 5737). The first is what a
// stranger could have written, the second where he would really be.
const (
	claimedAddress = "203.0.113.7"
	actualAddress  = "203.0.113.8"
)

// Forwarding is whose word Directus takes for where a person is.
type Forwarding int

// The answers. UnknownForwarding is none.
const (
	UnknownForwarding Forwarding = iota
	// Forwarded: it takes ours, and no other.
	Forwarded
	// NotForwarded: it takes nobody's, so that everybody is where Gatehouse is.
	NotForwarded
	// Claimed: it takes a stranger's.
	Claimed
)

// examineForwarding signs the administrator in once more, as if from far away,
// and reads in the activity log what Directus made of it.
func (p *preparation) examineForwarding(ctx context.Context, found *Examination) error {
	if !p.options.TryForwarding {
		return nil
	}
	name, err := p.randomUUID()
	if err != nil {
		return err
	}
	options := p.options
	options.header = http.Header{
		"X-Forwarded-For": {claimedAddress + ", " + actualAddress}, "User-Agent": {"Gatehouse doctor " + name},
	}
	again, err := logIn(ctx, p.admin.rest, options)
	if err != nil {
		// A one-time password that is used up by now, for instance.
		return nil //nolint:nilerr // then it stays unknown
	}
	if err := again.logOut(ctx); err != nil {
		return err
	}
	var rows []struct {
		IP *string `json:"ip"`
	}
	filter := map[string]any{"user_agent": equals(options.header.Get("User-Agent")), "action": equals("login")}
	if err := p.admin.search(ctx, "/activity", filter, []string{"ip"}, &rows); err != nil {
		return failed(err)
	}
	if len(rows) == 0 || rows[0].IP == nil {
		return nil
	}
	switch *rows[0].IP {
	case actualAddress:
		found.Forwarding = Forwarded
	case claimedAddress:
		found.Forwarding = Claimed
	default:
		found.Forwarding = NotForwarded
	}
	return nil
}

// examineServiceUser looks at the user that setup made.
func (p *preparation) examineServiceUser(ctx context.Context, found *Examination) error {
	var users []struct {
		Status string `json:"status"`
	}
	if err := p.admin.search(ctx, "/users", map[string]any{"first_name": equals(ServiceName)}, []string{"status"}, &users); err != nil {
		return failed(err)
	}
	if len(users) == 1 {
		found.ServiceStatus = users[0].Status
	}
	return nil
}

// randomUUID is of version 4 (RFC 9562, section 5.4).
func (p *preparation) randomUUID() (string, error) {
	var raw [16]byte
	if _, err := io.ReadFull(p.options.Random, raw[:]); err != nil {
		return "", fmt.Errorf("make name: %w", err)
	}
	raw[6], raw[8] = raw[6]&0x0f|0x40, raw[8]&0x3f|0x80
	text := hex.EncodeToString(raw[:])
	return text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:], nil
}
