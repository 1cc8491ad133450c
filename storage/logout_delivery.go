package storage

import (
	"hash/fnv"
	"strconv"
	"time"
)

// LogoutDelivery is one client that has to be told that a session has ended
// (OpenID Connect Back-Channel Logout 1.0). It is added before the session is
// taken away and named by what session and client it is of, so that whoever
// repeats the step adds nothing twice.
type LogoutDelivery struct {
	ID       string `json:"id"`
	ClientID string `json:"client_id"`
	// Subject is the user's id, SID the claim by which this client knows the
	// session. The session's own id is in no delivery.
	Subject string `json:"sub"`
	SID     string `json:"sid"`
	// JTI is the same at every attempt, so that the client can tell a repetition.
	JTI       string    `json:"jti"`
	CreatedAt time.Time `json:"created_at"`
	// Attempts counts those that failed, and DueAt is when the next may begin.
	Attempts int       `json:"attempts,omitempty"`
	DueAt    time.Time `json:"due_at"`
	// Done says that the client has answered, or that it was given up. The record
	// stays for a while: somebody else who ends the same session at the same time
	// must see that it was told.
	Done bool `json:"done,omitempty"`
}

// LogoutOutbox lists deliveries, so that no node has to look through the whole
// store. There are OutboxShards of them. An entry is written before the delivery
// that it names and removed after it.
type LogoutOutbox struct {
	Entries []OutboxEntry `json:"entries,omitempty"`
}

// OutboxShards is how many outboxes there are, named "0", "1" and so on.
const OutboxShards = 16

// OutboxShard is the name of the outbox that lists a delivery.
func OutboxShard(deliveryID string) string {
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(deliveryID))
	return strconv.Itoa(int(sum.Sum32() % OutboxShards))
}

// OutboxEntry names a delivery.
type OutboxEntry struct {
	ID string `json:"id"`
	// ClientID lets whoever has much to deliver leave room for every client.
	ClientID string    `json:"client_id"`
	DueAt    time.Time `json:"due_at"`
	// AddedAt is when somebody was last about to write the delivery.
	AddedAt time.Time `json:"added_at"`
}

// DeliveryLog is how the latest deliveries to one client went, the newest last.
type DeliveryLog struct {
	Attempts []DeliveryAttempt `json:"attempts,omitempty"`
}

// MaxDeliveryAttempts bounds the log of one client.
const MaxDeliveryAttempts = 100

// DeliveryAttempt is one attempt.
type DeliveryAttempt struct {
	At time.Time `json:"at"`
	// Number counts from one.
	Number int `json:"number"`
	// Status is the HTTP status, zero if there was no answer.
	Status int `json:"status,omitempty"`
	// Problem says in our words why there was no answer; empty on success.
	Problem string `json:"problem,omitempty"`
	// GivenUp says that no attempt follows.
	GivenUp bool `json:"given_up,omitempty"`
}
