package frontchannel

import (
	"context"
	"errors"
	"net/url"

	"gatehouse/provider/event"
	"gatehouse/provider/oauth"
	"gatehouse/provider/session"
	"gatehouse/storage"
)

// Clients looks relying parties up.
type Clients interface {
	// Client returns the client, or an error that wraps storage.ErrNotFound.
	Client(ctx context.Context, id string) (storage.Client, error)
}

// Frames makes the addresses. It is safe for concurrent use.
type Frames struct {
	Issuer  string
	Clients Clients
	Sink    event.Sink
}

// Of returns what a browser whose session has ended is to load: for each client
// that took part and wants to hear of it there the address that it registered,
// with iss and sid (Front-Channel Logout 1.0, section 3). Clients that are gone
// are left out, and so are those that cannot be looked up now: the session has
// ended, and its person must not be kept.
func (f Frames) Of(ctx context.Context, s storage.Session) []string {
	var addresses []string
	for _, participant := range s.Participants {
		if !participant.FrontChannel {
			continue
		}
		client, err := f.Clients.Client(ctx, participant.ClientID)
		if err != nil && !errors.Is(err, storage.ErrNotFound) {
			f.Sink.Emit(ctx, event.Event{Name: event.InternalError, Kind: "front-channel logout", ClientID: participant.ClientID, Err: err})
		}
		if err != nil || client.FrontChannelLogoutURI == "" {
			continue
		}
		addresses = append(addresses, oauth.AddQuery(client.FrontChannelLogoutURI, url.Values{
			"iss": {f.Issuer}, "sid": {session.SID(s.ID, client.ID)},
		}))
	}
	return addresses
}
