package authorize

import (
	"context"
	"net/http"
	"slices"

	"gatehouse/provider/session"
	"gatehouse/provider/token"
	"gatehouse/storage"
)

// knowledge is what the store knows of a user besides the session.
type knowledge struct {
	subject string
	consent *storage.Record[storage.Consent]
	index   token.Index
}

func (e *Endpoint) reads(into *knowledge, subject string, client storage.Client) []storage.Read {
	into.subject = subject
	return []storage.Read{
		e.Store.Consents.Read(storage.ConsentName(subject, client.ID), &into.consent),
		e.Tokens.ReadIndex(subject, &into.index),
	}
}

// load reads the sessions of the browser, and in the same round trip what is
// known of the user who will most likely answer.
func (e *Endpoint) load(ctx context.Context, r *http.Request, request storage.AuthorizationRequest, client storage.Client) (session.Browser, knowledge, error) {
	var known knowledge
	browser, err := e.Sessions.LoadAlong(ctx, r, func(subjects []string) []storage.Read {
		switch {
		case len(subjects) == 0:
			return nil
		case slices.Contains(subjects, request.HintSubject):
			return e.reads(&known, request.HintSubject, client)
		}
		return e.reads(&known, subjects[0], client)
	})
	return browser, known, err
}
