package mailbox

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

//go:embed page.html
var pageSource string

var page = template.Must(template.New("page").Funcs(template.FuncMap{"clickable": clickable}).Parse(pageSource))

type pageData struct {
	Messages []Message // the newest first
	Message  *Message  // nil on the list
}

// Handler serves the list of mail at /, one mail at /messages/{id} and all mail
// as JSON at /messages.
func (m *Mailbox) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", m.serveList)
	mux.HandleFunc("GET /messages", m.serveJSON)
	mux.HandleFunc("DELETE /messages", m.serveClear)
	mux.HandleFunc("GET /messages/{id}", m.serveMessage)
	mux.HandleFunc("GET /messages/{id}/html", m.serveHTMLPart)
	return mux
}

func (m *Mailbox) serveList(w http.ResponseWriter, r *http.Request) {
	messages := m.Messages()
	data := pageData{Messages: make([]Message, 0, len(messages))}
	for _, message := range slices.Backward(messages) {
		data.Messages = append(data.Messages, message)
	}
	render(w, data)
}

func (m *Mailbox) serveMessage(w http.ResponseWriter, r *http.Request) {
	message, ok := m.find(r)
	if !ok {
		http.NotFound(w, r)
		return
	}
	render(w, pageData{Message: &message})
}

// serveHTMLPart serves a stranger's HTML. The sandbox, in the header too so that
// it holds when the address is opened alone, lets no script run and gives it no
// origin; links may open a new tab, which is what the mail is for.
func (m *Mailbox) serveHTMLPart(w http.ResponseWriter, r *http.Request) {
	message, ok := m.find(r)
	if !ok || message.HTML == "" {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	// Links of a mail must leave the frame.
	_, _ = w.Write([]byte(`<base target="_blank">` + message.HTML)) //nolint:gosec // shown as it was sent, sandboxed
}

func (m *Mailbox) serveJSON(w http.ResponseWriter, _ *http.Request) {
	messages := m.Messages()
	if messages == nil {
		messages = []Message{}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(messages) // the reader has gone when this fails
}

func (m *Mailbox) serveClear(w http.ResponseWriter, _ *http.Request) {
	m.Clear()
	w.WriteHeader(http.StatusNoContent)
}

func (m *Mailbox) find(r *http.Request) (Message, bool) {
	id, err := strconv.Atoi(r.PathValue("id"))
	if err != nil {
		return Message{}, false
	}
	return m.message(id)
}

func render(w http.ResponseWriter, data pageData) {
	var buffer bytes.Buffer
	if err := page.Execute(&buffer, data); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; base-uri 'none'; frame-ancestors 'none'")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(buffer.Bytes())
}

// clickable escapes a text and makes its web addresses links.
func clickable(text string) template.HTML {
	var out strings.Builder
	last := 0
	for _, at := range link.FindAllStringIndex(text, -1) {
		address := template.HTMLEscapeString(text[at[0]:at[1]])
		out.WriteString(template.HTMLEscapeString(text[last:at[0]]))
		out.WriteString(`<a href="` + address + `" target="_blank" rel="noreferrer">` + address + `</a>`)
		last = at[1]
	}
	out.WriteString(template.HTMLEscapeString(text[last:]))
	return template.HTML(out.String()) //nolint:gosec // every piece is escaped above
}
