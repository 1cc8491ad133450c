// Package mailbox is a mail server that delivers to nobody: it keeps what it is
// sent in memory and shows it on a page, so that a person trying the demo and a
// test can both follow the link in a mail. It must not know who sends it mail.
package mailbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

// limits for one mail and for all: a sink must not grow without end.
const (
	maxMessageBytes = 10 << 20
	maxMessages     = 1000
)

// Config is all optional; addresses are host:port and default to free ports on
// loopback.
type Config struct {
	SMTPAddr string
	HTTPAddr string
	Now      func() time.Time // time.Now when nil
}

// Mailbox receives mail and shows it. Its methods are safe for concurrent use.
type Mailbox struct {
	SMTPAddr string // host:port to send mail to; no password, no TLS
	URL      string // the page, without a slash at the end

	now       func() time.Time
	listeners []net.Listener
	smtp      *smtp.Server
	http      *http.Server
	wg        sync.WaitGroup

	mu       sync.Mutex
	messages []Message
	received int           // how many ever came
	arrived  chan struct{} // closed and replaced when a message comes
}

// Start listens on both addresses. Mail is accepted when it returns.
func Start(ctx context.Context, config Config) (*Mailbox, error) {
	var listener net.ListenConfig
	smtpListener, err := listener.Listen(ctx, "tcp", cmp.Or(config.SMTPAddr, "127.0.0.1:0"))
	if err != nil {
		return nil, fmt.Errorf("start mailbox: %w", err)
	}
	httpListener, err := listener.Listen(ctx, "tcp", cmp.Or(config.HTTPAddr, "127.0.0.1:0"))
	if err != nil {
		return nil, fmt.Errorf("start mailbox: %w", errors.Join(err, smtpListener.Close()))
	}
	m := &Mailbox{
		SMTPAddr:  smtpListener.Addr().String(),
		URL:       "http://" + httpListener.Addr().String(),
		now:       config.Now,
		listeners: []net.Listener{smtpListener, httpListener},
		arrived:   make(chan struct{}),
	}
	if m.now == nil {
		m.now = time.Now
	}
	m.smtp = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{mailbox: m}, nil }))
	m.smtp.Domain = "localhost"
	m.smtp.MaxMessageBytes = maxMessageBytes
	m.smtp.ReadTimeout, m.smtp.WriteTimeout = time.Minute, time.Minute
	m.http = &http.Server{Handler: m.Handler(), ReadHeaderTimeout: 10 * time.Second}
	m.wg.Go(func() { _ = m.smtp.Serve(smtpListener) })
	m.wg.Go(func() { _ = m.http.Serve(httpListener) })
	return m, nil
}

// Stop stops listening and forgets nothing: Messages still answers.
func (m *Mailbox) Stop() {
	// The servers close only listeners that they have begun to serve.
	for _, listener := range m.listeners {
		_ = listener.Close()
	}
	_ = m.smtp.Close()
	_ = m.http.Close()
	m.wg.Wait()
}

// Messages returns all mail, the oldest first.
func (m *Mailbox) Messages() []Message {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.messages)
}

// Wait returns the oldest message that match accepts, waiting for one to come
// while ctx allows.
func (m *Mailbox) Wait(ctx context.Context, match func(Message) bool) (Message, error) {
	for {
		m.mu.Lock()
		messages, arrived := slices.Clone(m.messages), m.arrived
		m.mu.Unlock()
		if i := slices.IndexFunc(messages, match); i >= 0 {
			return messages[i], nil
		}
		select {
		case <-ctx.Done():
			return Message{}, fmt.Errorf("wait for mail (%d came, none matched): %w", len(messages), context.Cause(ctx))
		case <-arrived:
		}
	}
}

// Clear forgets all mail.
func (m *Mailbox) Clear() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.messages = nil
}

// deliver keeps a message, dropping the oldest when there are too many.
func (m *Mailbox) deliver(message Message) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.received++
	message.ID = m.received
	if len(m.messages) >= maxMessages {
		m.messages = slices.Clone(m.messages[1:])
	}
	m.messages = append(m.messages, message)
	close(m.arrived)
	m.arrived = make(chan struct{})
}

// message returns one message by its id.
func (m *Mailbox) message(id int) (Message, bool) {
	for _, message := range m.Messages() {
		if message.ID == id {
			return message, true
		}
	}
	return Message{}, false
}

// session is one SMTP conversation.
type session struct {
	mailbox *Mailbox
	from    string
	to      []string
}

func (s *session) Reset()        { s.from, s.to = "", nil }
func (s *session) Logout() error { return nil }

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.from = from
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = append(s.to, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return fmt.Errorf("receive mail: %w", err)
	}
	message, err := parse(raw)
	if err != nil {
		return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: err.Error()}
	}
	message.From, message.To = s.from, slices.Clone(s.to)
	message.Received = s.mailbox.now()
	s.mailbox.deliver(message)
	return nil
}
