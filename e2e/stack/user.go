package stack

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
)

// User is an account of the machine that a child runs as.
type User struct {
	UID, GID uint32
}

// unprivileged returns the first of the named accounts that exists when we are
// root, for programs that refuse to run as root; nil when we are not root.
func unprivileged(names ...string) (*User, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range names {
		account, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.ParseUint(account.Uid, 10, 32)
		gid, gidErr := strconv.ParseUint(account.Gid, 10, 32)
		if uidErr == nil && gidErr == nil {
			return &User{UID: uint32(uid), GID: uint32(gid)}, nil
		}
	}
	return nil, fmt.Errorf("we are root, and none of the accounts %q exists to run this as", names)
}

// giveTo makes user the owner of everything under dir.
func giveTo(user *User, dir string) error {
	if user == nil {
		return nil
	}
	return filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, int(user.UID), int(user.GID))
	})
}
