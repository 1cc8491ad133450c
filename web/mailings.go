package web

import (
	"context"
	"errors"
	"time"

	"gatehouse/provider/quota"
)

// errMailThrottled says that enough mails went to one address. Nobody is told:
// whether mail goes there at all is nobody's business.
var errMailThrottled = errors.New("too many mails to the address")

// picturesAnHour is how many files one person may have stored.
const picturesAnHour = 10

// purposes of mails, each counted by itself.
type purpose string

const (
	verification purpose = "verification"
	reset        purpose = "reset"
)

// mailings bound how many mails strangers can have Directus send: to one person,
// whom they would annoy, and from one network, which would try many addresses.
type mailings struct {
	counter             quota.Counter
	toAddress, fromHere int
}

// budget is what a use is counted in.
type budget struct {
	quotas []quota.Quota
	// full is the error of a budget that is used up.
	full func(wait time.Duration) error
}

// networks is the budget of where a request came from.
func (m *mailings) networks(clientAddress string) budget {
	return budget{quota.Networks("network\x00", clientAddress, m.fromHere), throttled}
}

// recipient is the budget of an address of mail. Addresses that look alike share
// it, since some databases below Directus take them for one.
func (m *mailings) recipient(purpose purpose, email string) budget {
	name := "to\x00" + string(purpose) + "\x00" + attemptsName(email)
	return budget{[]quota.Quota{{Name: name, Limit: m.toAddress}}, func(time.Duration) error { return errMailThrottled }}
}

// judgements is the budget of where a request came from.
func (m *mailings) judgements(clientAddress string) budget {
	return budget{quota.Networks("judged\x00network\x00", clientAddress, judgementsPerMail*m.fromHere), throttled}
}

// picturesOf is the quota of a person who stores files, each in place of the one
// before: Directus keeps them all where he may not remove any.
func picturesOf(subject string) quota.Quota {
	return quota.Quota{Name: "pictures\x00" + subject, Limit: picturesAnHour}
}

// take counts a mail, or returns the error of the budget that is full.
func (m *mailings) take(ctx context.Context, b budget) error {
	return takeOr(ctx, m.counter, b.quotas, b.full)
}

// giveBack takes back what take counted, where no mail can have been sent.
func (m *mailings) giveBack(ctx context.Context, b budget) error {
	return m.counter.GiveBack(ctx, b.quotas...)
}
