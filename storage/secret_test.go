package storage_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"gatehouse/storage"
)

func TestSecretDoesNotShow(t *testing.T) {
	const value = "hunter2-hunter2"
	credentials := storage.Credentials{Email: "jane@example.org", Password: value, OTP: value}
	secret := storage.Secret(value)
	encoded, err := json.Marshal(map[string]any{"secret": secret, "in": credentials, "pointer": &secret})
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
		slog.New(handler).Info("shown", "secret", secret, "in", credentials, "pointer", &credentials)
	}
	for way, text := range map[string]string{
		"%v":    fmt.Sprintf("%v %v %v", secret, credentials, &credentials),
		"%+v":   fmt.Sprintf("%+v %+v", secret, credentials),
		"%#v":   fmt.Sprintf("%#v %#v", secret, credentials),
		"%s":    fmt.Sprintf("%s", secret), //nolint:staticcheck // the verb is what is tested
		"%q":    fmt.Sprintf("%q", secret),
		"%x":    fmt.Sprintf("%x", secret),
		"error": fmt.Errorf("sign in: %v", credentials).Error(), //nolint:errorlint // no error in it
		"JSON":  string(encoded),
		"log":   log.String(),
	} {
		if strings.Contains(text, value) || strings.Contains(text, fmt.Sprintf("%x", value)) {
			t.Errorf("%s shows it: %s", way, text)
		}
	}
	if secret.Reveal() != value {
		t.Errorf("Reveal returns %q", secret.Reveal())
	}
}
