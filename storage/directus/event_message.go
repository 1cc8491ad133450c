package directus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/coder/websocket"
)

// manyNamed is how many users in one message may be not all: Directus limits the
// rows that it reads for one (QUERY_LIMIT_MAX).
const manyNamed = 100

// eventMessage is what is read of a message of Directus; everything else in it is
// dropped unread.
type eventMessage struct {
	Type   string          `json:"type"`
	Status string          `json:"status"`
	Event  string          `json:"event"`
	UID    string          `json:"uid"`
	Data   json.RawMessage `json:"data"`
	Error  struct {
		Code string `json:"code"`
	} `json:"error"`
}

// isError says that Directus could not do something, be it authenticate, subscribe
// or read what it was to tell of.
func (m eventMessage) isError() bool { return m.Status == "error" || m.Error.Code != "" }

// ids are those of the users that the message is about.
func (m eventMessage) ids() []string {
	var deleted []string
	if json.Unmarshal(m.Data, &deleted) == nil {
		return deleted
	}
	var rows []struct {
		ID string `json:"id"`
	}
	if json.Unmarshal(m.Data, &rows) != nil {
		return nil
	}
	ids := make([]string, len(rows))
	for i, row := range rows {
		ids[i] = row.ID
	}
	return ids
}

// tell hands on who is named. A message that cannot be read names everybody.
func (e *Events) tell(message eventMessage) {
	if message.Type != "subscription" || message.Event != "update" && message.Event != "delete" {
		return
	}
	var users []string
	for _, id := range message.ids() {
		if isUserID(id) {
			users = append(users, id)
		}
	}
	if len(users) == 0 || len(users) >= manyNamed {
		e.Missed()
	}
	if len(users) > 0 {
		e.Named(users...)
	}
}

// await reads until Directus has answered, and passes over what else it sends.
func await(ctx context.Context, connection *websocket.Conn, kind, uid string) error {
	for {
		message, err := receive(ctx, connection)
		switch {
		case err != nil:
			return fmt.Errorf("directus events: %w", err)
		case message.isError():
			if kind == "auth" {
				return fmt.Errorf("%w: the WebSocket refused the token", ErrServiceToken)
			}
			return errors.New("directus events: the subscription was refused")
		case message.Type == kind && message.UID == uid:
			return nil
		}
	}
}

// receive reads one message. Its errors repeat nothing of it.
func receive(ctx context.Context, connection *websocket.Conn) (eventMessage, error) {
	kind, raw, err := connection.Read(ctx)
	if err != nil {
		return eventMessage{}, fmt.Errorf("read: %w", err)
	}
	var message eventMessage
	if kind != websocket.MessageText || json.Unmarshal(raw, &message) != nil {
		return eventMessage{}, errors.New("read: not a message of Directus")
	}
	return message, nil
}

func send(ctx context.Context, connection *websocket.Conn, message any) error {
	raw, err := json.Marshal(message)
	if err != nil {
		return err
	}
	return connection.Write(ctx, websocket.MessageText, raw)
}
