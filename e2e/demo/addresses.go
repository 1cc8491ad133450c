package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"strconv"

	"gatehouse/e2e/stack"
)

// The person that the demo lets in. No secret: it lives on loopback only.
const (
	userEmail    = "ada@example.com"
	userPassword = "correct horse battery staple" //nolint:gosec // see above
)

// addresses are the ports of this run: the usual ones where they are free.
type addresses struct{ directus, gatehouse, nextjs, mail, smtp int }

func chooseAddresses(ctx context.Context) (addresses, error) {
	var a addresses
	for _, wanted := range []struct {
		port      *int
		preferred int
	}{{&a.directus, 8055}, {&a.gatehouse, 8080}, {&a.nextjs, 3000}, {&a.mail, 8025}, {&a.smtp, 2525}} {
		port, err := stack.PreferPort(ctx, wanted.preferred)
		if err != nil {
			return a, err
		}
		*wanted.port = port
	}
	return a, nil
}

func (a addresses) issuer() string { return url(a.gatehouse) }

func url(port int) string      { return "http://localhost:" + strconv.Itoa(port) }
func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

func (d *demo) printTable(out io.Writer) {
	fmt.Fprintf(out, `
Everything runs. Open the app and sign in, or create an account there:

  Next.js app       %s
  user              %s
  password          %s

  my account        %s/account
  mail              %s   (proofs of addresses, new passwords, invitations)
  Directus Studio   %s/admin
  administrator     %s
  password          %s

Ctrl-C stops it all.
`, url(d.address.nextjs), userEmail, userPassword, d.address.issuer(), url(d.address.mail), url(d.address.directus),
		d.directus.AdminEmail, d.directus.AdminPassword)
}
