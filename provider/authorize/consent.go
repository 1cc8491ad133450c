package authorize

import (
	"context"
	"encoding/base64"
	"errors"
	"slices"
	"strings"

	"gatehouse/provider/event"
	"gatehouse/provider/oauth"
	"gatehouse/storage"
)

// consentText is what a consent is given to. If the account is switched in
// another tab between showing the screen and pressing the button, it differs.
func (e *Endpoint) consentText(request storage.AuthorizationRequest, client storage.Client, s storage.Session) string {
	scopes := slices.Sorted(slices.Values(request.Scopes))
	beyond := e.Claims.Beyond(request.Claims, request.Scopes)
	text := []string{"consent", request.ID, s.ID, s.Subject, request.ClientID, strings.Join(scopes, " "), strings.Join(beyond, " ")}
	if client.DirectusExchange != "" {
		text = append(text, "directus")
	}
	return strings.Join(text, "\x00")
}

func (e *Endpoint) consentDigest(request storage.AuthorizationRequest, client storage.Client, s storage.Session) string {
	return base64.RawURLEncoding.EncodeToString(oauth.Digest(e.consentText(request, client, s)))
}

// consent notes what the person allowed. The request is marked with the digest
// that the screen carried; the policy compares it with what is true by then.
func (e *Endpoint) consent(ctx context.Context, interaction *Interaction, digest string) (string, error) {
	if interaction.Next != PromptConsent || digest == "" || digest != interaction.ConsentDigest {
		return "", ErrConsentChanged
	}
	request, s := interaction.Request, interaction.Session
	err := e.Store.Consents.Upsert(ctx, s.Subject, storage.NoExpiry, func(all *storage.Consents) error {
		all.Allow(interaction.Client, storage.Consent{
			Scopes: request.Scopes, Claims: e.Claims.Beyond(request.Claims, request.Scopes),
			Directus: interaction.Client.DirectusExchange != "", At: e.Now(), SessionID: s.ID,
		})
		return nil
	})
	if err != nil {
		return "", err
	}
	err = e.change(ctx, interaction, func(r *storage.AuthorizationRequest) {
		r.SessionID = s.ID
		r.ConsentDigest = oauth.Digest(e.consentText(request, interaction.Client, s))
	})
	if err != nil {
		return "", err
	}
	e.Sink.Emit(ctx, event.Event{
		Name: event.ConsentGranted, ClientID: request.ClientID, Subject: s.Subject, SessionID: s.ID,
	})
	return interaction.ResumeURL, nil
}

// change writes to the request of an interaction, which may have ended in
// another tab.
func (e *Endpoint) change(ctx context.Context, interaction *Interaction, change func(*storage.AuthorizationRequest)) error {
	err := e.Store.AuthorizationRequests.Update(ctx, interaction.Request.ID, func(r *storage.AuthorizationRequest) error {
		change(r)
		return nil
	})
	if errors.Is(err, storage.ErrNotFound) {
		return ErrExpired
	}
	return err
}
