package registration

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/go-chi/chi/v5"

	"gatehouse/provider/clients"
	"gatehouse/provider/event"
	"gatehouse/provider/oauth"
	"gatehouse/provider/refuse"
	"gatehouse/storage"
)

// accessHandle is what a registration access token says.
type accessHandle struct {
	ClientID string `json:"client_id"`
}

// Manage answers GET, PUT and DELETE of one client (RFC 7592, section 2). The
// route has its id as client_id.
func (e *Endpoint) Manage(w http.ResponseWriter, r *http.Request) {
	id := chi.URLParam(r, "client_id")
	err := e.manage(w, r, id)
	if err != nil {
		refuse.JSON(w, r, e.Sink, event.Event{Name: event.ClientRegistrationRefused, ClientID: id}, err)
	}
}

func (e *Endpoint) manage(w http.ResponseWriter, r *http.Request, id string) error {
	if !slices.Contains([]string{http.MethodGet, http.MethodPut, http.MethodDelete}, r.Method) {
		return wrongMethod("GET, PUT, DELETE")
	}
	client, token, err := e.authenticated(r, id)
	if err != nil {
		return err
	}
	switch r.Method {
	case http.MethodPut:
		return e.change(w, r, client, token)
	case http.MethodDelete:
		return e.remove(w, r, client.ID)
	}
	oauth.WriteJSON(w, http.StatusOK, e.shown(client, token, ""))
	return nil
}

// authenticated returns the client that the token of the request manages, and the
// token. A client that is gone answers as one whose token is wrong (RFC 7592,
// section 2.1), and so does one that an operator made: it has no token.
func (e *Endpoint) authenticated(r *http.Request, id string) (storage.Client, string, error) {
	token, err := bearer(r)
	if err != nil {
		return storage.Client{}, "", err
	}
	if token == "" {
		return storage.Client{}, "", oauth.NewError(oauth.InvalidToken, "the registration access token is needed").
			WithHeader("WWW-Authenticate", "Bearer")
	}
	var handle accessHandle
	if err := e.Handles.Open(oauth.RegistrationAccessHandle, token, &handle); err != nil || handle.ClientID != id {
		return storage.Client{}, "", wrongToken()
	}
	// Asked of the store, not of what is remembered: another node may have
	// deleted the client a moment ago.
	record, err := e.Store.Clients.Get(r.Context(), id)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return storage.Client{}, "", wrongToken()
	case err != nil:
		return storage.Client{}, "", fmt.Errorf("look up client: %w", err)
	case !manages(token, record.Value):
		return storage.Client{}, "", wrongToken()
	}
	return record.Value, token, nil
}

func manages(token string, client storage.Client) bool {
	return client.Registered != "" && oauth.DigestMatches(token, client.RegistrationAccessDigest)
}

func wrongToken() error {
	return challenge(oauth.InvalidToken, "the registration access token is not one of this client")
}

// change replaces the whole metadata (RFC 7592, section 2.2).
func (e *Endpoint) change(w http.ResponseWriter, r *http.Request, old storage.Client, token string) error {
	ctx := r.Context()
	given, err := readMembers(w, r)
	if err != nil {
		return err
	}
	presented, err := checkUnchanged(given, old)
	if err != nil {
		return err
	}
	next, err := e.read(given, storage.Client{ID: old.ID, Registered: old.Registered})
	if err != nil {
		return err
	}
	secret, err := e.newSecret(&next)
	if err != nil {
		return err
	}
	shown := storage.Secret("")
	var changed storage.Client
	merge := func(client storage.Client) error {
		changed, shown = e.merged(client, next, presented, secret)
		return e.validate(changed)
	}
	if err := merge(old); err != nil {
		return err
	}
	if changed.SectorIdentifierURI != old.SectorIdentifierURI || !slices.Equal(changed.RedirectURIs, old.RedirectURIs) {
		if err := e.checkSectorAgain(ctx, changed); err != nil {
			return err
		}
	}
	err = e.Store.Clients.Update(ctx, old.ID, func(client *storage.Client) error {
		if !manages(token, *client) {
			return wrongToken()
		}
		if err := merge(*client); err != nil {
			return err
		}
		*client = changed
		return nil
	})
	if errors.Is(err, storage.ErrNotFound) {
		return wrongToken()
	}
	if err != nil {
		return err
	}
	e.Clients.Forget(old.ID)
	e.Sink.Emit(ctx, event.Event{Name: event.ClientChanged, ClientID: old.ID, Kind: string(old.Registered)})
	oauth.WriteJSON(w, http.StatusOK, e.shown(changed, token, shown))
	return nil
}

// checkSectorAgain bounds how often strangers can have us fetch.
func (e *Endpoint) checkSectorAgain(ctx context.Context, client storage.Client) error {
	if client.SectorIdentifierURI != "" && client.Registered == storage.RegisteredOpenly {
		if err := e.count(ctx); err != nil {
			return err
		}
	}
	return e.checkSector(ctx, client)
}

// checkUnchanged holds a change to RFC 7592, section 2.2: client_id must be there
// and the client's, a secret may only be repeated, and what the server alone says
// must not be there. It returns the secret that was repeated.
func checkUnchanged(given members, client storage.Client) (storage.Secret, error) {
	for _, name := range []string{"registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at"} {
		if _, ok := given[name]; ok {
			return "", refused(name, "must be left out, since it is not the client's to change")
		}
	}
	var id string
	if json.Unmarshal(given["client_id"], &id) != nil || id != client.ID {
		return "", refused("client_id", "must be that of the client")
	}
	raw, ok := given["client_secret"]
	if !ok {
		return "", nil
	}
	var secret string
	matches := func(digest storage.SecretDigest) bool { return oauth.DigestMatches(secret, digest.SHA256) }
	if json.Unmarshal(raw, &secret) != nil || !slices.ContainsFunc(client.SecretDigests, matches) {
		return "", refused("client_secret", "is not that of the client; it cannot be chosen")
	}
	return storage.Secret(secret), nil
}

// merged is the old client with the metadata of the next, and the secret that is
// to be shown because it is new. What only operators set stays.
func (e *Endpoint) merged(old, next storage.Client, presented, fresh storage.Secret) (storage.Client, storage.Secret) {
	client := old
	for _, f := range fields() {
		f.replace(&client, &next)
	}
	if !clients.SamePresentation(old, client) {
		client.PresentedAt = e.Now().UTC()
	}
	if presented != "" {
		clients.KnowSecret(&client, presented)
	}
	if clients.FitSecrets(&client) {
		client.SecretDigests = next.SecretDigests
		return client, fresh
	}
	return client, ""
}

// remove deletes the client (RFC 7592, section 2.3). Its tokens end with it, since
// none is good without its client.
func (e *Endpoint) remove(w http.ResponseWriter, r *http.Request, id string) error {
	ctx := r.Context()
	if _, err := e.Store.Clients.Take(ctx, id); errors.Is(err, storage.ErrNotFound) {
		return wrongToken()
	} else if err != nil {
		return fmt.Errorf("delete client: %w", err)
	}
	e.Clients.Forget(id)
	e.Sink.Emit(ctx, event.Event{Name: event.ClientDeleted, ClientID: id})
	if err := e.release(ctx, id); err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusNoContent)
	return nil
}
