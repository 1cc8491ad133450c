package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"gatehouse/provider/event"
	"gatehouse/provider/oauth"
	"gatehouse/storage"
)

const cookieName = "session"

// seenEvery is how exactly the last use of a session is kept.
const seenEvery = time.Minute

// Lifetimes bound a session.
type Lifetimes struct {
	// Idle ends a session that is not used, RememberedIdle one that was
	// started with "keep me signed in".
	Idle, RememberedIdle time.Duration
	// Absolute ends every session, however much it is used.
	Absolute, RememberedAbsolute time.Duration
}

// Config is what a Manager needs.
type Config struct {
	Store     *storage.Store
	Cookies   Cookies
	Lifetimes Lifetimes
	// StateShown says that browsers hold a state that tells apps whether the
	// sign-in has changed (OpenID Connect Session Management 1.0).
	StateShown bool
	// Deliver, if not nil, is told which deliveries may go out at once. Whoever
	// delivers finds them by himself too.
	Deliver func(deliveries ...string)
	// Release, if not nil, is told which token pairs of Directus a session does
	// not name any more. Whoever ends them finds them by himself too.
	Release func(directusSessions ...string)
	Now     func() time.Time
	Random  io.Reader
	Sink    event.Sink
}

// Manager starts, finds and ends sessions. It is safe for concurrent use.
type Manager struct {
	Config
}

// NewManager checks the configuration.
func NewManager(config Config) (*Manager, error) {
	if config.Store == nil || config.Now == nil || config.Random == nil || config.Sink == nil {
		return nil, errors.New("session manager: store, clock, randomness and sink are needed")
	}
	l := config.Lifetimes
	if l.Idle <= 0 || l.RememberedIdle <= 0 || l.Absolute < l.Idle || l.RememberedAbsolute < l.RememberedIdle {
		return nil, errors.New("session manager: lifetimes must be positive, and the absolute ones no shorter than the idle ones")
	}
	return &Manager{Config: config}, nil
}

// Browser is the sessions of one browser, the current one first.
type Browser struct {
	Sessions []storage.Session

	records map[string]*storage.Record[storage.Session]
	secrets map[string]string
}

// Current returns the session that is used unless another is asked for.
func (b Browser) Current() (storage.Session, bool) {
	if len(b.Sessions) == 0 {
		return storage.Session{}, false
	}
	return b.Sessions[0], true
}

// ByID returns the session with the id, if this browser holds it.
func (b Browser) ByID(id string) (storage.Session, bool) {
	for _, s := range b.Sessions {
		if s.ID == id {
			return s, true
		}
	}
	return storage.Session{}, false
}

// BySubject returns this browser's session of the user.
func (b Browser) BySubject(subject string) (storage.Session, bool) {
	return b.OfUser(func(userID string) bool { return userID == subject })
}

// OfUser returns this browser's first session of a user who is meant. For each
// client the users may have other names.
func (b Browser) OfUser(meant func(userID string) bool) (storage.Session, bool) {
	for _, s := range b.Sessions {
		if meant(s.Subject) {
			return s, true
		}
	}
	return storage.Session{}, false
}

// Load reads the sessions of the browser in one round trip, and none where it
// sends no cookie. Ended, idle and foreign ones are left out.
func (m *Manager) Load(ctx context.Context, r *http.Request) (Browser, error) {
	return m.LoadAlong(ctx, r, func([]string) []storage.Read { return nil })
}

// LoadAlong is Load with more reads in the same round trip. The user ids that
// along is given are what the browser says of its sessions, the current one
// first. Nothing proves them: what was read of a user may be used only if the
// Browser has a session of that user.
func (m *Manager) LoadAlong(ctx context.Context, r *http.Request, along func(subjects []string) []storage.Read) (Browser, error) {
	tickets := parseTickets(m.Cookies.Read(r, cookieName))
	browser := Browser{records: map[string]*storage.Record[storage.Session]{}, secrets: map[string]string{}}
	if len(tickets) == 0 {
		return browser, nil
	}
	records := make([]*storage.Record[storage.Session], len(tickets))
	reads := make([]storage.Read, len(tickets))
	var subjects []string
	for i, t := range tickets {
		reads[i] = m.Store.Sessions.Read(t.id, &records[i])
		if t.subject != "" {
			subjects = append(subjects, t.subject)
		}
	}
	if err := m.Store.Load(ctx, append(reads, along(subjects)...)...); err != nil {
		return Browser{}, fmt.Errorf("load sessions: %w", err)
	}
	for i, record := range records {
		if record == nil || !oauth.DigestMatches(tickets[i].secret, record.Value.SecretDigest) || m.Idle(record.Value) {
			continue
		}
		browser.Sessions = append(browser.Sessions, record.Value)
		browser.records[record.Value.ID] = record
		browser.secrets[record.Value.ID] = tickets[i].secret
	}
	return browser, nil
}

// Idle says whether a session has been left unused for too long, or is being
// ended. Whoever reads a session record by itself must ask this.
func (m *Manager) Idle(s storage.Session) bool {
	if s.Ended {
		return true
	}
	limit := m.Lifetimes.Idle
	if s.Remember {
		limit = m.Lifetimes.RememberedIdle
	}
	return m.Now().Sub(s.LastSeen) > limit
}

// Touch notes that the session is in use, at most once a minute.
func (m *Manager) Touch(ctx context.Context, browser Browser, s storage.Session) error {
	if record := browser.records[s.ID]; record != nil {
		return m.TouchRecord(ctx, record)
	}
	return nil
}

// TouchRecord is Touch for whoever read the record by itself. That another node
// noted it meanwhile is as good.
func (m *Manager) TouchRecord(ctx context.Context, record *storage.Record[storage.Session]) error {
	if m.Now().Sub(record.Value.LastSeen) < seenEvery {
		return nil
	}
	next := record.Value
	next.LastSeen = m.Now()
	err := m.Store.Sessions.Swap(ctx, record, next)
	if errors.Is(err, storage.ErrConflict) || errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	return err
}

func (m *Manager) release(directusSession string) {
	if m.Release != nil && directusSession != "" {
		m.Release(directusSession)
	}
}

func (m *Manager) absolute(remember bool) time.Duration {
	if remember {
		return m.Lifetimes.RememberedAbsolute
	}
	return m.Lifetimes.Absolute
}
