package doctor

import (
	"context"
	"errors"
	"fmt"

	"gatehouse/provider/clients"
	"gatehouse/storage/directus"
	"gatehouse/storage/directus/prepare"
)

// ClientSettings are those of clients in Directus.
type ClientSettings struct {
	// Collection is clients_collection; empty for none.
	Collection string
	// Rights are the client_ids of entries with source: directus.
	Rights []string
	// Rows reads and judges the collection.
	Rows func(ctx context.Context) ([]clients.Row, error)
}

const clientsSubject = "clients in Directus"

// clients looks at every row: one that is refused is a client that does not work.
func (p Patient) clients(ctx context.Context) []Finding {
	if p.Clients.Collection == "" || p.Clients.Rows == nil {
		return nil
	}
	rows, err := p.Clients.Rows(ctx)
	switch {
	case errors.Is(err, directus.ErrNoClients):
		return []Finding{{
			Error, clientsSubject, "the collection " + p.Clients.Collection + " does not exist, or the service token may not read it",
			"run gatehouse setup --clients-collection " + p.Clients.Collection,
		}}
	case err != nil:
		return []Finding{{Error, clientsSubject, fmt.Sprintf("could not be read: %v", err), "run gatehouse doctor again"}}
	}
	var findings []Finding
	good, off, known := 0, 0, map[string]bool{}
	for _, row := range rows {
		known[row.ID] = true
		switch {
		case !row.Active:
			off++
		case row.Refused == nil:
			good++
		}
		for _, fault := range clients.Fields(row.Refused) {
			findings = append(findings, Finding{
				Error, clientsSubject, fmt.Sprintf("%s is refused, and nobody can sign in at it: %s", row.ID, fault),
				"correct the row in " + p.Clients.Collection + ", or switch it off",
			})
		}
	}
	for _, id := range p.Clients.Rights {
		if !known[id] {
			findings = append(findings, Finding{
				Warning, clientsSubject, id + " has rights by the configuration (source: directus) and does not stand there: whoever adds it has them",
				"add the client in " + p.Clients.Collection + ", or remove its entry from clients",
			})
		}
	}
	return append(findings, Finding{Severity: OK, Subject: clientsSubject, Detail: fmt.Sprintf("%d active, %d off", good, off)})
}

// clientWriters says who may change clients, which is to say who decides where the
// tokens of people go.
func (p Patient) clientWriters(writers []prepare.RowWriter) []Finding {
	var findings []Finding
	for _, writer := range writers {
		switch {
		case writer.Public:
			findings = append(findings, Finding{
				Error, clientsSubject, fmt.Sprintf("may be changed by %s: any stranger can have the tokens of everybody", writer),
				"take these rights from the public in Directus at once, and look at the revisions of " + p.Clients.Collection,
			})
		case writer.Admin:
			findings = append(findings, Finding{Note, clientsSubject, "may be changed by " + writer.String(), ""})
		default:
			findings = append(findings, Finding{
				Warning, clientsSubject, fmt.Sprintf("may be changed by %s: who may do that can sign in as anybody at any app", writer),
				"make sure that they are meant to be as powerful as Gatehouse itself, or take the rights away",
			})
		}
	}
	return findings
}
