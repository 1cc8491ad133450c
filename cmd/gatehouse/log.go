package main

import (
	"log/slog"

	"gatehouse/cmd/gatehouse/config"
)

// logger writes to standard error as the configuration says.
func (a *app) logger(settings *config.Loaded) *slog.Logger {
	var level slog.Level
	// The configuration knows only names that slog knows.
	_ = level.UnmarshalText([]byte(settings.Log.Level))
	options := &slog.HandlerOptions{Level: level}
	if settings.Log.Format == "text" {
		return slog.New(slog.NewTextHandler(a.stderr, options))
	}
	return slog.New(slog.NewJSONHandler(a.stderr, options))
}
