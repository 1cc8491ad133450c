package main

import (
	"context"
	"encoding/base64"
	"log/slog"

	"gatehouse/provider/event"
	"gatehouse/provider/oauth"
)

// audit writes one line an event, whose message is the event's name: names and
// ids, never a secret. docs/events.md describes them.
type audit struct{ logger *slog.Logger }

// Emit implements event.Sink.
func (a audit) Emit(ctx context.Context, e event.Event) {
	var attrs []slog.Attr
	request := event.RequestOf(ctx)
	for _, field := range []struct{ key, value string }{
		{"request_id", request.ID},
		{"client_address", request.ClientAddress},
		{"client_id", e.ClientID},
		{"sub", e.Subject},
		{"session", digestOf(e.SessionID)},
		{"grant_id", e.GrantID},
		{"kind", e.Kind},
		{"reason", e.Reason},
	} {
		if field.value != "" {
			attrs = append(attrs, slog.String(field.key, field.value))
		}
	}
	level := slog.LevelInfo
	switch e.Name {
	case event.InternalError, event.DirectusAway:
		level = slog.LevelError
	case event.CodeReplayed, event.RefreshTokenReused, event.SignInThrottled,
		event.LogoutDeliveryFailed, event.LogoutGivenUp, event.ClientRowRefused:
		level = slog.LevelWarn
	default:
	}
	if e.Err != nil {
		attrs = append(attrs, slog.Any("error", e.Err))
	}
	a.logger.LogAttrs(ctx, level, string(e.Name), attrs...)
}

// digestOf makes the id of a session comparable across lines without telling it:
// what clients know a session by is derived from it.
func digestOf(id string) string {
	if id == "" {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(oauth.Digest(id)[:9])
}
