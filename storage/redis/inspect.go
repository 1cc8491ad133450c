package redis

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"

	goredis "github.com/redis/go-redis/v9"
)

// The first version with GETDEL.
const (
	leastMajor = 6
	leastMinor = 2
)

// inspect looks at every master as far as it is permitted to: it refuses a
// version that lacks a command, and warns of settings that lose records.
func (b *Backend) inspect(ctx context.Context, logger *slog.Logger) error {
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	masters, err := b.masters(ctx)
	if err != nil {
		return err
	}
	for _, master := range masters {
		if err := inspect(ctx, master, logger); err != nil {
			return err
		}
	}
	return nil
}

func inspect(ctx context.Context, master *goredis.Client, logger *slog.Logger) error {
	text, err := master.Info(ctx).Result()
	if refused(err) {
		return nil // an ACL or a hosted Redis may forbid it
	}
	if err != nil {
		return err
	}
	info := parseInfo(text)
	if err := checkVersion(info["redis_version"]); err != nil {
		return err
	}
	if policy := info["maxmemory_policy"]; policy != "" && policy != "noeviction" {
		logger.WarnContext(ctx, "Redis deletes records when its memory is full: set maxmemory-policy to noeviction",
			slog.String("maxmemory_policy", policy))
	}
	if info["aof_enabled"] != "0" {
		return nil
	}
	snapshots, err := master.ConfigGet(ctx, "save").Result()
	switch {
	case refused(err):
		return nil
	case err != nil:
		return err
	case snapshots["save"] == "":
		logger.WarnContext(ctx, "Redis keeps nothing on disk and loses every record when it stops: set appendonly to yes")
	default:
		logger.WarnContext(ctx, "Redis loses the records since its last snapshot when it is killed: set appendonly to yes",
			slog.String("save", snapshots["save"]))
	}
	return nil
}

// refused says whether the server answered, and answered no.
func refused(err error) bool {
	var answer goredis.Error
	return errors.As(err, &answer) && !goredis.IsLoadingError(err) && !goredis.IsAuthError(err)
}

func parseInfo(text string) map[string]string {
	info := make(map[string]string)
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			info[name] = value
		}
	}
	return info
}

func checkVersion(version string) error {
	parts := strings.SplitN(version, ".", 3)
	if len(parts) < 2 {
		return nil // not told
	}
	major, majorErr := strconv.Atoi(parts[0])
	minor, minorErr := strconv.Atoi(parts[1])
	known := majorErr == nil && minorErr == nil // forks may count otherwise
	if known && (major < leastMajor || major == leastMajor && minor < leastMinor) {
		return fmt.Errorf("version %s is too old: %d.%d or later is needed", version, leastMajor, leastMinor)
	}
	return nil
}
