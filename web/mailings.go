package web

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gatehouse/storage"
)

// errMailThrottled says that enough mails went to one address. Nobody is told:
// whether mail goes there at all is nobody's business.
var errMailThrottled = errors.New("too many mails to the address")

// errTooManyPictures says that somebody changed his picture too often.
var errTooManyPictures = errors.New("too many pictures")

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
	table               *storage.Table[storage.Mailings]
	now                 func() time.Time
	toAddress, fromHere int
	window              time.Duration
}

// budget is one count and its limit.
type budget struct {
	name  string
	limit int
	// full is the error of a budget that is used up.
	full func(retryAfter time.Duration) error
}

// networks are the budgets of where a request came from.
func (m *mailings) networks(clientAddress string) []budget {
	var budgets []budget
	for _, n := range networksOf(clientAddress, m.fromHere) {
		budgets = append(budgets, budget{"network\x00" + n.name, n.limit, func(retryAfter time.Duration) error {
			return &addressThrottledError{retryAfter: retryAfter}
		}})
	}
	return budgets
}

// recipient is the budget of an address of mail. Addresses that look alike share
// it, since some databases below Directus take them for one.
func (m *mailings) recipient(purpose purpose, email string) []budget {
	return []budget{{"to\x00" + string(purpose) + "\x00" + attemptsName(email), m.toAddress, func(time.Duration) error {
		return errMailThrottled
	}}}
}

// pictures is the budget of a person who stores files, each in place of the one
// before: Directus keeps them all where he may not remove any.
func (m *mailings) pictures(subject string, wait *time.Duration) []budget {
	return []budget{{"pictures\x00" + subject, picturesAnHour, func(retryAfter time.Duration) error {
		*wait = retryAfter
		return errTooManyPictures
	}}}
}

// take counts a mail in every budget, or in none and returns the error of the
// one that is full.
func (m *mailings) take(ctx context.Context, budgets []budget) error {
	for i, b := range budgets {
		err := m.table.Upsert(ctx, b.name, m.window, func(mailings *storage.Mailings) error {
			now := m.now()
			if now.Sub(mailings.Since) >= m.window {
				*mailings = storage.Mailings{Since: now}
			}
			if mailings.Count >= b.limit {
				return b.full(mailings.Since.Add(m.window).Sub(now))
			}
			mailings.Count++
			return nil
		})
		if err == nil {
			continue
		}
		if !errors.Is(err, errMailThrottled) && !errors.Is(err, errAddressThrottled) && !errors.Is(err, errTooManyPictures) {
			err = fmt.Errorf("count mails and pictures: %w", err)
		}
		return errors.Join(err, m.giveBack(ctx, budgets[:i]))
	}
	return nil
}

// giveBack takes back what take counted, where no mail can have been sent.
func (m *mailings) giveBack(ctx context.Context, budgets []budget) error {
	for _, b := range budgets {
		err := m.table.Update(ctx, b.name, func(mailings *storage.Mailings) error {
			mailings.Count = max(0, mailings.Count-1)
			return nil
		})
		if err != nil && !errors.Is(err, storage.ErrNotFound) {
			return fmt.Errorf("count mails: %w", err)
		}
	}
	return nil
}
