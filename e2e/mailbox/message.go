package mailbox

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"html"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Message is one mail as it was received.
type Message struct {
	ID       int       `json:"id"` // counts from 1
	From     string    `json:"from"`
	To       []string  `json:"to"` // the recipients of the envelope
	Subject  string    `json:"subject"`
	Text     string    `json:"text"` // the text part, "" when there is none
	HTML     string    `json:"html"` // the HTML part, "" when there is none
	Received time.Time `json:"received"`
}

// IsTo reports whether the message was sent to address, in whatever case.
func (m Message) IsTo(address string) bool {
	return slices.ContainsFunc(m.To, func(to string) bool { return strings.EqualFold(to, address) })
}

var (
	href = regexp.MustCompile(`(?i)href\s*=\s*["'](https?://[^"']+)["']`)
	link = regexp.MustCompile(`https?://[^\s<>"']+`)
)

// Links returns the web addresses in the message, each once, in order: those of
// the HTML part's links, or else those in the text.
func (m Message) Links() []string {
	var links []string
	for _, found := range href.FindAllStringSubmatch(m.HTML, -1) {
		links = append(links, html.UnescapeString(found[1]))
	}
	if len(links) == 0 {
		links = link.FindAllString(m.Text, -1)
	}
	var once []string
	for _, address := range links {
		if !slices.Contains(once, address) {
			once = append(once, address)
		}
	}
	return once
}

// parse reads subject and bodies of a mail.
func parse(raw []byte) (Message, error) {
	received, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return Message{}, fmt.Errorf("read mail: %w", err)
	}
	var message Message
	message.Subject, err = new(mime.WordDecoder).DecodeHeader(received.Header.Get("Subject"))
	if err != nil {
		message.Subject = received.Header.Get("Subject")
	}
	err = message.readPart(received.Header.Get("Content-Type"), received.Header.Get("Content-Transfer-Encoding"), received.Body)
	if err != nil {
		return Message{}, fmt.Errorf("read mail: %w", err)
	}
	return message, nil
}

// readPart reads a body or, for multipart, each of its parts. The first text
// and the first HTML part count; attachments are passed over.
func (m *Message) readPart(contentType, encoding string, body io.Reader) error {
	mediaType, parameters, err := mime.ParseMediaType(contentType)
	if err != nil {
		mediaType = "text/plain" // RFC 2045, section 5.2: the default, also for what cannot be read
	}
	if strings.HasPrefix(mediaType, "multipart/") {
		parts := multipart.NewReader(body, parameters["boundary"])
		for {
			part, err := parts.NextRawPart()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return fmt.Errorf("part: %w", err)
			}
			if err := m.readPart(part.Header.Get("Content-Type"), part.Header.Get("Content-Transfer-Encoding"), part); err != nil {
				return err
			}
		}
	}
	target := map[string]*string{"text/plain": &m.Text, "text/html": &m.HTML}[mediaType]
	if target == nil || *target != "" {
		return nil
	}
	content, err := io.ReadAll(decode(encoding, body))
	if err != nil {
		return fmt.Errorf("decode %s: %w", mediaType, err)
	}
	*target = string(content)
	return nil
}

func decode(encoding string, body io.Reader) io.Reader {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "quoted-printable":
		return quotedprintable.NewReader(body)
	case "base64":
		return base64.NewDecoder(base64.StdEncoding, body)
	}
	return body
}
