package redis

import (
	"context"
	"fmt"
	"log/slog"

	goredis "github.com/redis/go-redis/v9"
)

// LogTo sends what go-redis tells about connections and fail-overs to logger,
// instead of to standard error in a form of its own. It is for the whole
// process, so only a main function may call it, before it calls Open.
func LogTo(logger *slog.Logger) { goredis.SetLogger(log{logger}) }

type log struct{ logger *slog.Logger }

// Printf implements the interface that go-redis asks for.
func (l log) Printf(ctx context.Context, format string, values ...any) {
	l.logger.DebugContext(ctx, "redis client", slog.String("detail", fmt.Sprintf(format, values...)))
}
