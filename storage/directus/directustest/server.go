package directustest

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/storage"
)

// Lifetimes and limits that a new Server has, as Directus does.
const (
	AccessTokenTTL  = 15 * time.Minute
	RefreshTokenTTL = 7 * 24 * time.Hour
	LoginAttempts   = 25
)

// Server is a running fake. Its methods are safe for concurrent use.
type Server struct {
	// URL is the base URL.
	URL string
	// ServiceToken reads users and roles and nothing else.
	ServiceToken storage.Secret
	// AdminToken may do anything.
	AdminToken storage.Secret
	// WriteToken reads what ServiceToken reads, and creates and updates users
	// and files.
	WriteToken storage.Secret

	mu       sync.Mutex
	now      func() time.Time
	users    map[string]*account
	sessions map[string]*session // by refresh token
	accesses map[string]*session // by access token
	files    map[string]storage.Picture
	uploads  map[string]upload
	// collections are people's own, by name.
	collections map[string]*Collection
	attempts    int
	// queryLimitMax is QUERY_LIMIT_MAX, or 0.
	queryLimitMax int
	// hideOwn and hideOthers are rules on what the tokens see.
	hideOwn, hideOthers bool
	// ownColumns are what people may change of their own row, ownFiles says
	// whether they may store files and see them.
	ownColumns  []string
	ownFiles    bool
	fileRemoval bool
	// serviceFiles lets the service token read every file.
	serviceFiles bool
	// sizes says whether files are shown in any size, or in presets alone.
	presetsOnly bool
	// policy says which passwords are taken; nil takes all.
	policy    func(password string) bool
	providers []storage.ExternalProvider
	requests  []Request
	faults    []*Fault

	registration Registration
	mails        mails
	project      Project

	roles    map[string]Role
	policies map[string]Policy
	// readable are collections that the service token was let read.
	readable []string
	// ten says that rights hang on roles, as in Directus 10.
	ten bool
}

// User is a row of directus_users.
type User struct {
	ID       string // made up if empty
	Email    string
	Password string // empty: none, as of users that were invited
	// OTPSecret is the base32 secret of the user's authenticator, if any.
	OTPSecret string
	Status    string // "active" if empty
	FirstName string
	LastName  string
	// Provider is where the user signs in, if not here.
	Provider string
	// Admin users have admin_access, EnforceTFA is of a policy of theirs.
	Admin      bool
	EnforceTFA bool
	// EnforceTFAAbove is of a policy of the user or of a role above, of which
	// access tokens say nothing.
	EnforceTFAAbove bool
	// Fields are further columns.
	Fields map[string]any
}

type account struct {
	User
	failures int
}

type session struct {
	user    string
	expires time.Time
}

// Request is a request that arrived.
type Request struct {
	Method, Path string
	Header       http.Header
}

// New starts a fake that stops with the test.
func New(t testing.TB) *Server {
	t.Helper()
	s := &Server{
		ServiceToken: storage.Secret(randomText()),
		AdminToken:   storage.Secret(randomText()),
		WriteToken:   storage.Secret(randomText()),
		now:          time.Now,
		users:        map[string]*account{},
		sessions:     map[string]*session{},
		accesses:     map[string]*session{},
		files:        map[string]storage.Picture{},
		uploads:      map[string]upload{},
		collections:  map[string]*Collection{},
		attempts:     LoginAttempts,
		roles:        map[string]Role{CustomerRole: {ID: CustomerRole, Name: "Customer"}},
		policies:     map[string]Policy{},
		mails:        mails{secret: []byte(randomText())},
		project:      Project{Name: "Directus", Color: "#6644FF", Language: "en-US", Appearance: "auto"},
	}
	server := httptest.NewServer(s.routes())
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

// SetClock makes the fake live by another clock.
func (s *Server) SetClock(now func() time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = now
}

// SetLoginAttempts sets auth_login_attempts; 0 turns the lock-out off.
func (s *Server) SetLoginAttempts(attempts int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.attempts = attempts
}

// Hide makes rules hide from a token its own user, or all others.
func (s *Server) Hide(own, others bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hideOwn, s.hideOthers = own, others
}

// AddUser adds a user and returns the id.
func (s *Server) AddUser(user User) (id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if user.ID == "" {
		user.ID = randomUUID()
	}
	if user.Status == "" {
		user.Status = "active"
	}
	if user.Provider == "" {
		user.Provider = storage.DefaultProvider
	}
	s.users[user.ID] = &account{User: user}
	return user.ID
}

// Update changes a user as an administrator does in the Studio: another
// password, e-mail or status ends the user's sessions.
func (s *Server) Update(id string, change func(*User)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	user := s.users[id]
	if user == nil {
		return
	}
	before := user.User
	change(&user.User)
	if before.Password != user.Password || before.Email != user.Email || user.Status != "active" {
		s.endSessions(id)
	}
}

// SetStatus changes a user's status, and ends the sessions unless it is active.
func (s *Server) SetStatus(id, status string) {
	s.Update(id, func(user *User) { user.Status = status })
}

// Delete deletes a user.
func (s *Server) Delete(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.users, id)
	s.endSessions(id)
}

// User returns a user as it is now.
func (s *Server) User(id string) (User, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	user := s.users[id]
	if user == nil {
		return User{}, false
	}
	return user.User, true
}

// FindUser returns the id of the user with an address, in whatever case.
func (s *Server) FindUser(email string) (id string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	user := s.byEmail(email)
	if user == nil {
		return "", false
	}
	return user.ID, true
}

// Sessions is the number of Directus sessions that a user has.
func (s *Server) Sessions(id string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	count := 0
	for _, session := range s.sessions {
		if session.user == id {
			count++
		}
	}
	return count
}

// Calls is the number of requests to a path so far, whatever came of them.
func (s *Server) Calls(path string) int { return len(s.Requests(path)) }

// Requests are the requests to a path so far.
func (s *Server) Requests(path string) []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(func(yield func(Request) bool) {
		for _, request := range s.requests {
			if request.Path == path && !yield(request) {
				return
			}
		}
	})
}

// AllRequests are those to every path, in order.
func (s *Server) AllRequests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// endSessions needs the lock.
func (s *Server) endSessions(id string) {
	maps.DeleteFunc(s.sessions, func(_ string, session *session) bool { return session.user == id })
}

// byEmail needs the lock. Directus compares without regard to case.
func (s *Server) byEmail(email string) *account {
	for _, user := range s.users {
		if user.Email != "" && strings.EqualFold(user.Email, email) {
			return user
		}
	}
	return nil
}

func randomText() string {
	raw := make([]byte, 48)
	_, _ = rand.Read(raw) // never fails
	return base64.RawURLEncoding.EncodeToString(raw)
}

func randomUUID() string {
	raw := make([]byte, 16)
	_, _ = rand.Read(raw) // never fails
	raw[6], raw[8] = raw[6]&0x0f|0x40, raw[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", raw[:4], raw[4:6], raw[6:8], raw[8:10], raw[10:])
}
