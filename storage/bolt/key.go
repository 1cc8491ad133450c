package bolt

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"gatehouse/storage"
)

// keySuffix makes the name of the key file from that of the store file.
const keySuffix = ".key"

// SealingKey reads the sealing key that stands beside the store file at path, as
// hexadecimal text in "<path>.key", or makes one from random if there is neither
// key nor store file; so call it before Open. A store file without its key is an
// error: with a new key nothing in it could be read again. A key file that
// others may read or write is an error, too.
func SealingKey(path string, random io.Reader) ([]byte, error) {
	keyPath := path + keySuffix
	key, err := readKey(keyPath)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if _, err := os.Stat(path); err == nil {
		return nil, fmt.Errorf("sealing key file %s is missing, and nothing in %s can be read without it: "+
			"put it back, or move the store file away to begin with an empty one", keyPath, path)
	}
	if err := createKey(keyPath, random); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("make sealing key file: %w", err)
	}
	// If another process was faster its key is the one.
	return readKey(keyPath)
}

func readKey(path string) ([]byte, error) {
	file, err := os.Open(path) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, fmt.Errorf("read sealing key file: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("read sealing key file: %w", err)
	}
	if mode := info.Mode(); !mode.IsRegular() || mode.Perm()&0o077 != 0 {
		return nil, fmt.Errorf("sealing key file %s has the mode %v, which lets others at it: make it 0600", path, mode)
	}
	text, err := io.ReadAll(io.LimitReader(file, 1<<10))
	if err != nil {
		return nil, fmt.Errorf("read sealing key file: %w", err)
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != storage.SealingKeySize {
		// The error of hex would show a byte of the key.
		return nil, fmt.Errorf("sealing key file %s does not hold %d bytes in hexadecimal", path, storage.SealingKeySize)
	}
	return key, nil
}

// createKey writes a new key to a file that nobody sees before it is whole and
// on the disk. An existing one stays, and is fs.ErrExist.
func createKey(path string, random io.Reader) error {
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	key := make([]byte, storage.SealingKeySize)
	if _, err := io.ReadFull(random, key); err != nil {
		return err
	}
	file, err := os.CreateTemp(folder, filepath.Base(path)+".*") // made with O_EXCL and 0600
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	_, err = file.WriteString(hex.EncodeToString(key) + "\n")
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	// Unlike a rename, a link never replaces what another process put there.
	if err := os.Link(file.Name(), path); err != nil {
		return err
	}
	return syncFolder(folder)
}
