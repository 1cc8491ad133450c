package storage

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Store is every Table in one list. It is safe for concurrent use.
type Store struct {
	// Clients are those that were created by command; those of the
	// configuration file and of Directus are not stored. Named by client_id.
	Clients *Table[Client]
	// ClientSightings are what is remembered of those in a collection of
	// Directus. Named by client_id.
	ClientSightings *Table[ClientSighting]
	// AuthorizationRequests wait for a person. Named by request id.
	AuthorizationRequests *Table[AuthorizationRequest]
	// PendingSignIns wait for a one-time password. Named by request id.
	PendingSignIns *Table[PendingSignIn]
	// Sessions are sign-ins of browsers. Named by session id.
	Sessions *Table[Session]
	// Grants are what clients were allowed. Named by grant id.
	Grants *Table[Grant]
	// Subjects index sessions and grants. Named by user id.
	Subjects *Table[Subject]
	// Consents remember what a user allowed clients. Named by user id.
	Consents *Table[Consents]
	// VerifiedEmails are the one thing that is kept of users here, since
	// Directus has no such column. Named by user id.
	VerifiedEmails *Table[VerifiedEmail]
	// Looks are when users were last seen in Directus. Named by user id.
	Looks *Table[Look]
	// Histories are the past sign-ins of users. Named by user id.
	Histories *Table[History]
	// Enrolments are one-time passwords that are being set up. Named by
	// session id.
	Enrolments *Table[Enrolment]
	// DirectusAccesses are access tokens of fresh sign-ins. Named by session id.
	DirectusAccesses *Table[DirectusAccess]
	// Mailings count the mails that were asked for, and the pictures that were
	// stored. Named by purpose and by address of mail, network or person.
	Mailings *Table[Count]
	// DirectusSessions keep Directus token pairs. Named by their own id.
	DirectusSessions *Table[DirectusSession]
	// Attempts count failed sign-ins of the accounts whose names look alike.
	// Named by what these have in common.
	Attempts *Table[Attempts]
	// Addresses count failed sign-ins from a network address. Named by the
	// address or prefix.
	Addresses *Table[Count]
	// Seen remembers what may be used once (jti, one-time passwords). Named
	// by purpose and value.
	Seen *Table[Mark]
	// LogoutDeliveries are clients that must hear of the end of a session. Named
	// by their own id.
	LogoutDeliveries *Table[LogoutDelivery]
	// LogoutOutboxes list the deliveries. Named by shard.
	LogoutOutboxes *Table[LogoutOutbox]
	// DeliveryLogs say how deliveries went. Named by client_id.
	DeliveryLogs *Table[DeliveryLog]
	// RegistrationTokens let clients register themselves. Named by their own id.
	RegistrationTokens *Table[RegistrationToken]
	// RegisteredClients is the one list of clients that did. Named "clients".
	RegisteredClients *Table[RegisteredClients]
	// RegistrationCounts count them. Named by network.
	RegistrationCounts *Table[Count]
	// Leases are held by whoever added them. Named by what they guard.
	Leases *Table[Lease]
	// KeyRings holds the one ring of keys. Named "ring".
	KeyRings *Table[KeyRing]

	backend Backend
	sealer  *Sealer
	now     func() time.Time
}

// Config is what a Store needs.
type Config struct {
	Backend Backend
	Sealer  *Sealer
	// Now is the clock that decides what has expired.
	Now func() time.Time
}

// New returns a Store over the Backend, which stays the caller's to close.
func New(config Config) (*Store, error) {
	switch {
	case config.Backend == nil:
		return nil, errors.New("store without backend")
	case config.Sealer == nil:
		return nil, errors.New("store without sealing key")
	case config.Now == nil:
		return nil, errors.New("store without clock")
	}
	s := &Store{backend: config.Backend, sealer: config.Sealer, now: config.Now}
	s.Clients = newTable[Client](s, "client")
	s.ClientSightings = newTable[ClientSighting](s, "client_sighting")
	s.AuthorizationRequests = newTable[AuthorizationRequest](s, "authorization_request")
	s.PendingSignIns = newTable[PendingSignIn](s, "pending_sign_in")
	s.Sessions = newTable[Session](s, "session")
	s.Grants = newTable[Grant](s, "grant")
	s.Subjects = newTableOf(s, "subject", subjectCodec())
	s.Consents = newTable[Consents](s, "consents")
	s.VerifiedEmails = newTable[VerifiedEmail](s, "verified_email")
	s.Looks = newTable[Look](s, "look")
	s.Histories = newTable[History](s, "history")
	s.Enrolments = newTable[Enrolment](s, "enrolment")
	s.DirectusAccesses = newTable[DirectusAccess](s, "directus_access")
	s.Mailings = newTable[Count](s, "mailings")
	s.DirectusSessions = newTable[DirectusSession](s, "directus_session")
	s.Attempts = newTable[Attempts](s, "attempts")
	s.Addresses = newTable[Count](s, "address_attempts")
	s.Seen = newTable[Mark](s, "seen")
	s.LogoutDeliveries = newTable[LogoutDelivery](s, "logout_delivery")
	s.LogoutOutboxes = newTable[LogoutOutbox](s, "logout_outbox")
	s.DeliveryLogs = newTable[DeliveryLog](s, "delivery_log")
	s.RegistrationTokens = newTable[RegistrationToken](s, "registration_token")
	s.RegisteredClients = newTable[RegisteredClients](s, "registered_clients")
	s.RegistrationCounts = newTable[Count](s, "registration_count")
	s.Leases = newTable[Lease](s, "lease")
	s.KeyRings = newTable[KeyRing](s, "key_ring")
	return s, nil
}

// Read is a prepared read of one record, made by Table.Read.
type Read struct {
	key    string
	decode func(raw []byte) error
}

// Load carries out several reads, of any tables, in one round trip. A record
// that does not exist is no error; its destination stays nil. The reads are no
// snapshot: each record is read by itself.
func (s *Store) Load(ctx context.Context, reads ...Read) error {
	keys := make([]string, len(reads))
	for i, read := range reads {
		keys[i] = read.key
	}
	values, err := s.backend.Get(ctx, keys...)
	if err != nil {
		return fmt.Errorf("read records: %w", err)
	}
	for i, read := range reads {
		if values[i] == nil {
			continue
		}
		if err := read.decode(values[i]); err != nil {
			return err
		}
	}
	return nil
}

// Ping asks whether the Backend serves.
func (s *Store) Ping(ctx context.Context) error { return s.backend.Ping(ctx) }
