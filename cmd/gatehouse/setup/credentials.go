package setup

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"gatehouse/storage"
)

// Credentials are the administrator's.
type Credentials struct {
	Email    string
	Password storage.Secret
	OTP      storage.Secret
}

// Source is where credentials come from.
type Source struct {
	// Lookup reads a variable of the environment.
	Lookup func(name string) string
	// Terminal is asked for what the environment does not have, if it is one.
	Terminal *os.File
	Prompts  io.Writer
}

// Read returns the credentials. A password never comes from a flag: every user
// of the machine can read those.
func (s Source) Read() (Credentials, error) {
	c := Credentials{
		Email:    s.Lookup("GATEHOUSE_SETUP_ADMIN_EMAIL"),
		Password: storage.Secret(s.Lookup("GATEHOUSE_SETUP_ADMIN_PASSWORD")),
		OTP:      storage.Secret(s.Lookup("GATEHOUSE_SETUP_ADMIN_OTP")),
	}
	if path := s.Lookup("GATEHOUSE_SETUP_ADMIN_PASSWORD_FILE"); path != "" {
		if c.Password != "" {
			return c, errors.New("GATEHOUSE_SETUP_ADMIN_PASSWORD and GATEHOUSE_SETUP_ADMIN_PASSWORD_FILE exclude each other; set one")
		}
		content, err := os.ReadFile(path) //nolint:gosec // the operator names the file
		if err != nil {
			return c, fmt.Errorf("GATEHOUSE_SETUP_ADMIN_PASSWORD_FILE: %w", err)
		}
		c.Password = storage.Secret(strings.TrimRight(string(content), "\r\n"))
	}
	if c.Email != "" && c.Password != "" {
		return c, nil
	}
	descriptor := int(s.Terminal.Fd())
	if !term.IsTerminal(descriptor) {
		return c, errors.New("setup needs an administrator of Directus: run it in a terminal, or set GATEHOUSE_SETUP_ADMIN_EMAIL and GATEHOUSE_SETUP_ADMIN_PASSWORD (or _PASSWORD_FILE)")
	}
	return s.ask(c, descriptor)
}

func (s Source) ask(c Credentials, descriptor int) (Credentials, error) {
	if c.Email == "" {
		fmt.Fprint(s.Prompts, "E-mail of a Directus administrator: ")
		line, err := bufio.NewReader(s.Terminal).ReadString('\n')
		if err != nil {
			return c, fmt.Errorf("read e-mail: %w", err)
		}
		c.Email = strings.TrimSpace(line)
	}
	if c.Password == "" {
		fmt.Fprint(s.Prompts, "Password (not stored): ")
		password, err := term.ReadPassword(descriptor)
		fmt.Fprintln(s.Prompts)
		if err != nil {
			return c, fmt.Errorf("read password: %w", err)
		}
		c.Password = storage.Secret(password)
	}
	if c.OTP == "" {
		fmt.Fprint(s.Prompts, "One-time password (empty if the account has none): ")
		code, err := term.ReadPassword(descriptor)
		fmt.Fprintln(s.Prompts)
		if err != nil {
			return c, fmt.Errorf("read one-time password: %w", err)
		}
		c.OTP = storage.Secret(strings.TrimSpace(string(code)))
	}
	return c, nil
}
