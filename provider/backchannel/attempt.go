package backchannel

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"gatehouse/provider/event"
	"gatehouse/storage"
)

const (
	// requestTime bounds one request, and leaseTime how long a delivery is in
	// the hands of a node that died. It is longer than a request.
	requestTime = 5 * time.Second
	leaseTime   = 30 * time.Second
	// patience is how long a client may be out of reach, and strangersPatience
	// one that anybody could have registered: with an address that never answers
	// and a sign-in each second he would fill the outboxes, which every sign-out
	// rewrites.
	patience          = 24 * time.Hour
	strangersPatience = time.Hour
	// doneFor is how long it is remembered that a delivery was made.
	doneFor = 10 * time.Minute
)

// backoff is the wait after the attempt of the number, which counts from one.
func backoff(number int) time.Duration {
	waits := []time.Duration{5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, 30 * time.Minute}
	if number <= len(waits) {
		return waits[number-1]
	}
	return time.Hour
}

// patienceWith is how long deliveries to the client are tried again.
func patienceWith(client storage.Client) time.Duration {
	if client.Registered == storage.RegisteredOpenly {
		return strangersPatience
	}
	return patience
}

// target is where a client hears of the end of sessions.
type target struct {
	client storage.Client
	host   string
	// gone says why there is no such place any more.
	gone string
}

// target looks a client up, once for all of its deliveries.
func (d *Deliverer) target(ctx context.Context, known map[string]target, delivery storage.LogoutDelivery) (target, error) {
	if to, ok := known[delivery.ClientID]; ok {
		return to.at(delivery), nil
	}
	client, err := d.Clients.Client(ctx, delivery.ClientID)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return target{}, fmt.Errorf("look up client: %w", err)
	}
	to := target{client: client}
	address, parseErr := url.Parse(client.BackChannelLogoutURI)
	switch {
	case err != nil:
		to.gone = "the client was removed"
	case client.BackChannelLogoutURI == "" || parseErr != nil:
		to.gone = "the client has no backchannel_logout_uri any more"
	default:
		// Without the port: a host is one machine, by however many names of ports
		// a client calls it.
		to.host = strings.TrimSuffix(strings.ToLower(address.Hostname()), ".")
	}
	known[delivery.ClientID] = to
	return to.at(delivery), nil
}

// at is the target of one delivery: a client that was made anew after the session
// had ended is another app.
func (t target) at(delivery storage.LogoutDelivery) target {
	if t.gone == "" && t.client.CreatedAt.After(delivery.CreatedAt) {
		t.gone = "the client was removed"
	}
	return t
}

// attempt tries once, if the delivery is nobody else's and still as it was seen.
func (d *Deliverer) attempt(ctx context.Context, seen storage.LogoutDelivery, to target, due bool) {
	if to.gone == "" {
		if d.slots.take(ctx, to.host) != nil {
			return // the node is stopping
		}
		defer d.slots.give(to.host)
	}
	// Begun, it is finished: the client may have been told when the node stops.
	ctx = context.WithoutCancel(ctx)
	// The lease is of this attempt only, so that it need not be given back.
	lease := "logout delivery " + seen.ID + " " + strconv.Itoa(seen.Attempts)
	err := d.Store.Leases.Add(ctx, lease, storage.Lease{Owner: d.Issuer}, leaseTime)
	if errors.Is(err, storage.ErrExists) {
		return
	}
	if err == nil {
		err = d.deliver(ctx, seen, to, due)
	}
	if err != nil {
		d.Sink.Emit(ctx, event.Event{Name: event.InternalError, Kind: "logout delivery", ClientID: seen.ClientID, Subject: seen.Subject, Err: err})
	}
}

// deliver holds the lease.
func (d *Deliverer) deliver(ctx context.Context, seen storage.LogoutDelivery, to target, due bool) error {
	record, err := d.Store.LogoutDeliveries.Get(ctx, seen.ID)
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	delivery := record.Value
	if delivery.Done || delivery.Attempts != seen.Attempts || due && d.Now().Before(delivery.DueAt) {
		return nil // another node was here while we waited
	}
	if to.gone != "" {
		d.emit(ctx, event.LogoutGivenUp, delivery, to.gone, nil)
		return d.finish(ctx, record, delivery)
	}
	token, err := d.token(ctx, to.client, delivery)
	if err != nil {
		return d.failed(ctx, record, to.client, outcome{problem: "the logout token could not be made", err: err})
	}
	request, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	status, err := d.Poster.Post(request, to.client.BackChannelLogoutURI, url.Values{"logout_token": {token}})
	result := judge(status, err)
	if !result.answered {
		return d.failed(ctx, record, to.client, result)
	}
	delivery.Attempts++
	d.note(ctx, delivery, result, result.problem != "")
	if result.problem == "" {
		d.emit(ctx, event.LogoutDelivered, delivery, "", nil)
	} else {
		d.emit(ctx, event.LogoutGivenUp, delivery, result.problem, nil)
	}
	return d.finish(ctx, record, delivery)
}

// outcome is what an attempt came to.
type outcome struct {
	// answered says that the client itself has said yes or, with a problem, no.
	answered bool
	status   int
	problem  string
	err      error
}

// judge reads an answer (Back-Channel Logout 1.0, section 2.8): 200, and 204 of
// those who have nothing to say, is success, and 400 the word of the client that
// it will not have the token. Whatever else came is not of its logout: a proxy
// that has lost its app answers 404 or 502.
func judge(status int, err error) outcome {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return outcome{problem: "no answer in time", err: err}
	case err != nil:
		return outcome{problem: "no connection", err: err}
	case status == http.StatusOK, status == http.StatusNoContent:
		return outcome{answered: true, status: status}
	case status == http.StatusBadRequest:
		return outcome{answered: true, status: status, problem: "the client refused the logout token"}
	}
	return outcome{status: status, problem: "the client answered neither success nor refusal"}
}

// failed notes an attempt that another follows, or that was the last.
func (d *Deliverer) failed(ctx context.Context, record *storage.Record[storage.LogoutDelivery], client storage.Client, result outcome) error {
	delivery := record.Value
	delivery.Attempts++
	delivery.DueAt = d.Now().Add(backoff(delivery.Attempts))
	givenUp := delivery.DueAt.After(delivery.CreatedAt.Add(patienceWith(client)))
	d.note(ctx, delivery, result, givenUp)
	if givenUp {
		d.emit(ctx, event.LogoutGivenUp, delivery, result.problem, result.err)
		return d.finish(ctx, record, delivery)
	}
	d.emit(ctx, event.LogoutDeliveryFailed, delivery, result.problem, result.err)
	err := d.Store.LogoutDeliveries.Swap(ctx, record, delivery)
	if errors.Is(err, storage.ErrConflict) || errors.Is(err, storage.ErrNotFound) {
		return nil // our lease ran out, and another node was here
	}
	if err != nil {
		return err
	}
	return d.postpone(ctx, delivery.ID, delivery.DueAt)
}

// finish marks a delivery as done first and unlists it after, so that a crash in
// between leaves an entry that is tidied away.
func (d *Deliverer) finish(ctx context.Context, record *storage.Record[storage.LogoutDelivery], delivery storage.LogoutDelivery) error {
	delivery.Done = true
	err := d.Store.LogoutDeliveries.SwapFor(ctx, record, delivery, doneFor)
	if err != nil && !errors.Is(err, storage.ErrConflict) && !errors.Is(err, storage.ErrNotFound) {
		return err
	}
	if err != nil {
		return nil //nolint:nilerr // our lease ran out, and another node was here
	}
	return d.unlist(ctx, delivery.ID)
}

func (d *Deliverer) emit(ctx context.Context, name event.Name, delivery storage.LogoutDelivery, reason string, err error) {
	d.Sink.Emit(ctx, event.Event{Name: name, ClientID: delivery.ClientID, Subject: delivery.Subject, Reason: reason, Err: err})
}

// note adds an attempt to the log of the client. That it fails is not worth the
// delivery.
func (d *Deliverer) note(ctx context.Context, delivery storage.LogoutDelivery, result outcome, givenUp bool) {
	attempt := storage.DeliveryAttempt{At: d.Now(), Number: delivery.Attempts, Status: result.status, Problem: result.problem, GivenUp: givenUp}
	err := d.Store.DeliveryLogs.Upsert(ctx, delivery.ClientID, logLifetime, func(log *storage.DeliveryLog) error {
		log.Attempts = append(log.Attempts, attempt)
		if over := len(log.Attempts) - storage.MaxDeliveryAttempts; over > 0 {
			log.Attempts = log.Attempts[over:]
		}
		return nil
	})
	if err != nil {
		d.Sink.Emit(ctx, event.Event{Name: event.InternalError, Kind: "logout delivery log", ClientID: delivery.ClientID, Err: err})
	}
}

// logLifetime is how long the log of a client outlasts its last delivery.
const logLifetime = 30 * 24 * time.Hour
