package web

import (
	"context"
	"net/http"
	"time"

	"gatehouse/provider/authorize"
	"gatehouse/provider/event"
	"gatehouse/provider/session"
	"gatehouse/storage"
)

// historyLifetime is how long a person is shown a sign-in. It is no audit log:
// that is made of events.
const historyLifetime = 90 * 24 * time.Hour

// remember writes a sign-in into its person's history. Failing, the sign-in goes
// on without.
func (web *Web) remember(r *http.Request, interaction *authorize.Interaction, signIn session.SignIn) {
	// The sign-in has happened, whether or not the browser still listens.
	ctx := context.WithoutCancel(r.Context())
	caller, now := event.RequestOf(ctx), web.now()
	latest := storage.PastSignIn{
		At: now.UTC().Truncate(time.Second), ACR: signIn.ACR,
		UserAgent: clip(caller.UserAgent), ClientAddress: caller.ClientAddress,
	}
	if interaction.Client.ID != "" {
		latest.ClientID, latest.App = interaction.Client.ID, interaction.Client.DisplayName()
	}
	err := web.store.Histories.Upsert(ctx, signIn.Subject, historyLifetime, func(history *storage.History) error {
		history.SignIns = recent(append([]storage.PastSignIn{latest}, history.SignIns...), now)
		return nil
	})
	if err != nil {
		web.sink.Emit(ctx, event.Event{Name: event.InternalError, Kind: "screen", Subject: signIn.Subject, Reason: "a sign-in was not written into its history", Err: err})
	}
}

// recent leaves out what is too old or too much.
func recent(signIns []storage.PastSignIn, now time.Time) []storage.PastSignIn {
	for i, signIn := range signIns {
		if i == storage.MaxHistory || now.Sub(signIn.At) > historyLifetime {
			return signIns[:i]
		}
	}
	return signIns
}

// longestUserAgent is more than any browser sends; anybody can send more.
const longestUserAgent = 300

func clip(userAgent string) string { return userAgent[:min(len(userAgent), longestUserAgent)] }
