package mailbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/smtp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/e2e/mailbox"
)

const multipart = `From: "Acme" <no-reply@example.com>
To: ada@example.com
Subject: =?utf-8?q?Passwort_zur=C3=BCcksetzen?=
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary="b"

--b
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

Open https://id.example.com/reset?rid=3D1&token=3Dabc =
now <script>
--b
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: base64

PGEgaHJlZj0iaHR0cHM6Ly9pZC5leGFtcGxlLmNvbS9yZXNldD9yaWQ9MSZhbXA7dG9rZW49YWJj
Ij5yZXNldDwvYT4=
--b--
`

func start(t *testing.T) *mailbox.Mailbox {
	t.Helper()
	box, err := mailbox.Start(t.Context(), mailbox.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(box.Stop)
	return box
}

func send(t *testing.T, box *mailbox.Mailbox, to, mail string) {
	t.Helper()
	content := []byte(strings.ReplaceAll(mail, "\n", "\r\n"))
	if err := smtp.SendMail(box.SMTPAddr, nil, "no-reply@example.com", []string{to}, content); err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, url string) (string, http.Header) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: %s", url, response.Status)
	}
	return string(body), response.Header
}

func TestReceivesMultipartMail(t *testing.T) {
	t.Parallel()
	box := start(t)
	send(t, box, "Ada@example.com", multipart)
	message, err := box.Wait(t.Context(), func(m mailbox.Message) bool { return m.IsTo("ada@example.com") })
	if err != nil {
		t.Fatal(err)
	}
	want := mailbox.Message{
		ID: 1, From: "no-reply@example.com", To: []string{"Ada@example.com"}, Subject: "Passwort zurücksetzen",
		Text:     "Open https://id.example.com/reset?rid=1&token=abc now <script>",
		HTML:     `<a href="https://id.example.com/reset?rid=1&amp;token=abc">reset</a>`,
		Received: message.Received,
	}
	if diff := cmp.Diff(want, message); diff != "" {
		t.Errorf("message differs (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"https://id.example.com/reset?rid=1&token=abc"}, message.Links()); diff != "" {
		t.Errorf("links differ (-want +got):\n%s", diff)
	}
}

func TestWaitSeesMailThatComesLater(t *testing.T) {
	t.Parallel()
	box := start(t)
	send(t, box, "grace@example.com", "Subject: one\n\nfirst\n")
	found := make(chan mailbox.Message)
	go func() {
		message, err := box.Wait(t.Context(), func(m mailbox.Message) bool { return m.Subject == "two" })
		if err != nil {
			t.Error(err)
		}
		found <- message
	}()
	send(t, box, "grace@example.com", "Subject: two\n\nsecond\n")
	if message := <-found; strings.TrimSpace(message.Text) != "second" {
		t.Errorf("got %q", message.Text)
	}
}

func TestWaitEndsWithItsContext(t *testing.T) {
	t.Parallel()
	box := start(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := box.Wait(ctx, func(mailbox.Message) bool { return true }); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	box := start(t)
	if body, _ := get(t, box.URL+"/"); !strings.Contains(body, "No mail yet") {
		t.Errorf("the empty list is %s", body)
	}
	send(t, box, "ada@example.com", multipart)

	if body, _ := get(t, box.URL+"/"); !strings.Contains(body, "Passwort zurücksetzen") {
		t.Errorf("the list does not name the mail: %s", body)
	}
	body, _ := get(t, box.URL+"/messages/1")
	if !strings.Contains(body, `<a href="https://id.example.com/reset?rid=1&amp;token=abc"`) {
		t.Errorf("the link is not clickable: %s", body)
	}
	if strings.Contains(body, "<script>") {
		t.Errorf("text of the mail was not escaped: %s", body)
	}
	if !strings.Contains(body, `sandbox="`) {
		t.Errorf("the HTML part is not sandboxed: %s", body)
	}
	_, header := get(t, box.URL+"/messages/1/html")
	if policy := header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "sandbox") || strings.Contains(policy, "allow-scripts") {
		t.Errorf("the HTML part may run scripts: %q", policy)
	}
	body, _ = get(t, box.URL+"/messages")
	var messages []mailbox.Message
	if err := json.Unmarshal([]byte(body), &messages); err != nil || len(messages) != 1 {
		t.Errorf("JSON: %d messages, %v", len(messages), err)
	}
}

func TestRefusesWhatIsNoMail(t *testing.T) {
	t.Parallel()
	box := start(t)
	err := smtp.SendMail(box.SMTPAddr, nil, "a@example.com", []string{"b@example.com"}, []byte("no header line\r\n"))
	if err == nil || len(box.Messages()) != 0 {
		t.Errorf("got %v and %d messages, want a refusal and none", err, len(box.Messages()))
	}
}
