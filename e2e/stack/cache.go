package stack

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// CacheDir is where downloads and prepared databases are kept between runs:
// gatehouse/ under $GATEHOUSE_CACHE, or else under the user's cache folder.
func CacheDir() (string, error) {
	base := os.Getenv("GATEHOUSE_CACHE")
	if base == "" {
		var err error
		if base, err = os.UserCacheDir(); err != nil {
			return "", fmt.Errorf("find the cache folder (set GATEHOUSE_CACHE): %w", err)
		}
	}
	base, err := filepath.Abs(base)
	if err != nil {
		return "", fmt.Errorf("cache folder: %w", err)
	}
	return filepath.Join(base, "gatehouse"), nil
}

// Cached returns the folder kept under key, calling build to fill it when it is
// not there yet. build gets an empty folder beside the final one; only when it
// returns nil is that folder renamed into place, so a half-built one is never
// seen. Of several processes asking at once, one builds and the others wait.
func Cached(ctx context.Context, key string, build func(ctx context.Context, dir string) error) (string, error) {
	root, err := CacheDir()
	if err != nil {
		return "", err
	}
	final := filepath.Join(root, filepath.FromSlash(key))
	if exists(final) {
		return final, nil
	}
	if err := os.MkdirAll(filepath.Dir(final), 0o700); err != nil {
		return "", fmt.Errorf("make cache folder: %w", err)
	}
	unlock, err := lock(ctx, final+".lock")
	if err != nil {
		return "", err
	}
	defer unlock()
	if exists(final) {
		return final, nil
	}
	temporary := final + ".building"
	// Left over from a builder that was killed; we hold the lock, so nobody is in it.
	if err := os.RemoveAll(temporary); err != nil {
		return "", fmt.Errorf("clear cache folder: %w", err)
	}
	if err := os.Mkdir(temporary, 0o700); err != nil {
		return "", fmt.Errorf("make cache folder: %w", err)
	}
	if err := build(ctx, temporary); err != nil {
		return "", errors.Join(err, os.RemoveAll(temporary))
	}
	if err := os.Rename(temporary, final); err != nil {
		return "", fmt.Errorf("publish cache folder: %w", err)
	}
	return final, nil
}

// isCached reports whether Cached would return at once.
func isCached(key string) bool {
	root, err := CacheDir()
	return err == nil && exists(filepath.Join(root, filepath.FromSlash(key)))
}

// Digest is a short key for the given files of a file system: any change to
// their names or bytes changes it.
func Digest(files fs.FS, roots ...string) (string, error) {
	hash := sha256.New()
	for _, root := range roots {
		err := fs.WalkDir(files, root, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			content, err := fs.ReadFile(files, path)
			if err != nil {
				return err
			}
			fmt.Fprintf(hash, "%s\x00%d\x00", path, len(content))
			hash.Write(content)
			return nil
		})
		if err != nil {
			return "", fmt.Errorf("digest %s: %w", root, err)
		}
	}
	return hex.EncodeToString(hash.Sum(nil))[:16], nil
}

// lock takes an exclusive lock on the file at path, waiting for its holder
// while ctx allows. The kernel drops it when the holder dies.
func lock(ctx context.Context, path string) (unlock func(), err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open lock: %w", err)
	}
	err = poll(ctx, func() (bool, error) {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if errors.Is(err, syscall.EWOULDBLOCK) || errors.Is(err, syscall.EINTR) {
			return false, nil
		}
		return err == nil, err
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("wait for lock %s: %w", path, err), file.Close())
	}
	return func() { _ = file.Close() }, nil // closing the file drops the lock
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
