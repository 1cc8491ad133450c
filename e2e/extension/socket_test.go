package extension

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
)

// message is what either side says over a WebSocket.
type message map[string]any

// socket opens a WebSocket and signs in with the token. Directus closes it when
// it takes none.
func (w *world) socket(ctx context.Context, t *testing.T, token string) (*websocket.Conn, error) {
	t.Helper()
	connection, err := w.dial(ctx, t, "/websocket")
	if err != nil {
		return nil, err
	}
	if err := wsjson.Write(ctx, connection, message{"type": "auth", "access_token": token}); err != nil {
		return nil, err
	}
	var answer message
	if err := wsjson.Read(ctx, connection, &answer); err != nil {
		return nil, err
	}
	if answer["type"] != "auth" || answer["status"] != "ok" {
		return nil, fmt.Errorf("%w: %v", errRefused, answer)
	}
	return connection, nil
}

var errRefused = errors.New("the token was refused")

// subscribe opens a WebSocket for GraphQL.
func (w *world) subscribe(ctx context.Context, t *testing.T, token string) error {
	t.Helper()
	connection, err := w.dial(ctx, t, "/graphql", "graphql-transport-ws")
	if err != nil {
		return err
	}
	if err := wsjson.Write(ctx, connection, message{"type": "connection_init", "payload": message{"access_token": token}}); err != nil {
		return err
	}
	var answer message
	if err := wsjson.Read(ctx, connection, &answer); err != nil {
		return err
	}
	if answer["type"] != "connection_ack" {
		return fmt.Errorf("%w: %v", errRefused, answer)
	}
	return nil
}

func (w *world) dial(ctx context.Context, t *testing.T, path string, protocols ...string) (*websocket.Conn, error) {
	t.Helper()
	connection, _, err := websocket.Dial(ctx, strings.Replace(w.directus.URL, "http", "ws", 1)+path, //nolint:bodyclose // closed by the package
		&websocket.DialOptions{Subprotocols: protocols})
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { _ = connection.CloseNow() })
	return connection, nil
}

// readNotes asks over an open WebSocket.
func readNotes(ctx context.Context, connection *websocket.Conn) (string, error) {
	ask := message{"type": "items", "action": "read", "collection": "notes", "query": message{"fields": []string{"title"}}}
	if err := wsjson.Write(ctx, connection, ask); err != nil {
		return "", err
	}
	var answer message
	err := wsjson.Read(ctx, connection, &answer)
	return fmt.Sprint(answer), err
}
