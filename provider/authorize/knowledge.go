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
	subject  string
	consents *storage.Record[storage.Consents]
	index    token.Index
}

// consent is what the user allowed the client before, if anything.
func (k knowledge) consent(clientID string) (storage.Consent, bool) {
	if k.consents == nil {
		return storage.Consent{}, false
	}
	consent, ok := k.consents.Value.Clients[clientID]
	return consent, ok
}

func (e *Endpoint) reads(into *knowledge, subject string) []storage.Read {
	into.subject = subject
	return []storage.Read{
		e.Store.Consents.Read(subject, &into.consents),
		e.Tokens.ReadIndex(subject, &into.index),
	}
}

// load reads the sessions of the browser, and in the same round trip what is
// known of the user who will most likely answer. A page of ours needs none of
// that.
func (e *Endpoint) load(ctx context.Context, r *http.Request, request storage.AuthorizationRequest, client storage.Client) (session.Browser, knowledge, error) {
	var known knowledge
	browser, err := e.Sessions.LoadAlong(ctx, r, func(subjects []string) []storage.Read {
		switch {
		case len(subjects) == 0, request.OwnPath != "":
			return nil
		case wantsSubject(request):
			if i := slices.IndexFunc(subjects, e.means(request, client)); i >= 0 {
				return e.reads(&known, subjects[i])
			}
		}
		return e.reads(&known, subjects[0])
	})
	return browser, known, err
}
