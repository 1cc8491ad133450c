package stack

import "syscall"

// childAttributes make a child that the kernel kills when we die. Go sets the
// parent-death signal after the credentials, whose change would clear it.
func childAttributes(user *User) *syscall.SysProcAttr {
	attributes := &syscall.SysProcAttr{
		Pdeathsig: syscall.SIGKILL,
		// Its own group: Ctrl-C in a terminal reaches us alone, and we stop
		// the children in order.
		Setpgid: true,
	}
	if user != nil {
		attributes.Credential = &syscall.Credential{Uid: user.UID, Gid: user.GID}
	}
	return attributes
}
