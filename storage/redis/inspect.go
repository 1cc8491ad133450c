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

// Loss is what a Redis loses of what it has acknowledged.
type Loss int

// The losses. LossUnknown stands for a Redis that may not be asked.
const (
	LossUnknown Loss = iota
	// LossNone: changes are written to the append-only file.
	LossNone
	// LossSinceSnapshot: it writes snapshots from time to time, and loses what came
	// since the last one when it is killed.
	LossSinceSnapshot
	// LossOfAll: it writes nothing, and loses everything when it stops.
	LossOfAll
)

// Durability is what the settings of one Redis say of how long records live.
type Durability struct {
	// Evicts is the maxmemory-policy by which it deletes records when its memory is
	// full; empty if it deletes none or does not tell.
	Evicts string
	Loss   Loss
	// Snapshots is the setting save with LossSinceSnapshot.
	Snapshots string
}

// Durability looks at every master as far as it is permitted to, and fails if one
// does not answer.
func (b *Backend) Durability(ctx context.Context) ([]Durability, error) {
	masters, err := b.masters(ctx)
	if err != nil {
		return nil, fmt.Errorf("redis: look at the settings: %w", err)
	}
	var found []Durability
	for _, master := range masters {
		_, durability, err := look(ctx, master)
		if err != nil {
			return nil, fmt.Errorf("redis: look at the settings: %w", err)
		}
		found = append(found, durability)
	}
	return found, nil
}

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
		version, durability, err := look(ctx, master)
		if err == nil {
			err = checkVersion(version)
		}
		if err != nil {
			return err
		}
		durability.warn(ctx, logger)
	}
	return nil
}

// look asks one master. What an ACL or a hosted Redis forbids stays unknown.
func look(ctx context.Context, master *goredis.Client) (version string, found Durability, err error) {
	text, err := master.Info(ctx).Result()
	if refused(err) {
		return "", found, nil
	}
	if err != nil {
		return "", found, err
	}
	info := parseInfo(text)
	version = info["redis_version"]
	if policy := info["maxmemory_policy"]; policy != "noeviction" {
		found.Evicts = policy
	}
	switch info["aof_enabled"] {
	case "0":
	case "1":
		found.Loss = LossNone
		return version, found, nil
	default:
		return version, found, nil
	}
	snapshots, err := master.ConfigGet(ctx, "save").Result()
	switch {
	case refused(err):
		return version, found, nil
	case err != nil:
		return version, found, err
	case snapshots["save"] == "":
		found.Loss = LossOfAll
	default:
		found.Loss, found.Snapshots = LossSinceSnapshot, snapshots["save"]
	}
	return version, found, nil
}

func (d Durability) warn(ctx context.Context, logger *slog.Logger) {
	if d.Evicts != "" {
		logger.WarnContext(ctx, "Redis deletes records when its memory is full: set maxmemory-policy to noeviction",
			slog.String("maxmemory_policy", d.Evicts))
	}
	switch d.Loss {
	case LossOfAll:
		logger.WarnContext(ctx, "Redis keeps nothing on disk and loses every record when it stops: set appendonly to yes")
	case LossSinceSnapshot:
		logger.WarnContext(ctx, "Redis loses the records since its last snapshot when it is killed: set appendonly to yes",
			slog.String("save", d.Snapshots))
	case LossUnknown, LossNone:
	}
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
