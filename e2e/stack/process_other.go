//go:build unix && !linux

package stack

import "syscall"

// childAttributes: only Linux can tie a child's life to ours; elsewhere a child
// survives when we are killed, though not when we stop.
func childAttributes(user *User) *syscall.SysProcAttr {
	attributes := &syscall.SysProcAttr{Setpgid: true}
	if user != nil {
		attributes.Credential = &syscall.Credential{Uid: user.UID, Gid: user.GID}
	}
	return attributes
}
