package provider

import (
	"context"
	"time"

	"gatehouse/provider/account"
	"gatehouse/provider/userevents"
	"gatehouse/provider/watch"
	"gatehouse/storage"
)

// Users says how changes of users are noticed, and what they end.
type Users struct {
	// OutageStaleness is how old the last look at a user may be while Directus does
	// not answer; zero stands for no older than Config.Staleness.
	OutageStaleness time.Duration
	// EndOn are the changes that end what is older than they are.
	EndOn []account.Cause
	// SweepEvery is how often everybody who has a session or grant is looked at;
	// zero for never.
	SweepEvery time.Duration
	// FlowSecret is what a Flow of Directus proves itself by; without one there is
	// no endpoint for it.
	FlowSecret storage.Secret
	// Sleep waits for a while or until the context ends; nil waits in real time.
	Sleep func(ctx context.Context, d time.Duration) error
}

// users builds what decides on users, and what notices that they have changed.
func (p *Provider) users(config Config) (err error) {
	p.gate = &account.Gate{
		Looks:     &account.Looks{Table: config.Store.Looks, Good: config.Users.OutageStaleness, Now: config.Now},
		Directory: config.Directory, Staleness: config.Staleness, EndOn: config.Users.EndOn, Store: config.Store,
		End: p.EndUser, EndOlder: p.endOlder, EndBefore: p.endBefore, Sink: config.Sink,
	}
	pause := config.Users.Sleep
	if pause == nil {
		pause = sleep
	}
	p.watch, err = watch.New(watch.Config{
		Store: config.Store, Directory: config.Directory, Gate: p.gate, SweepEvery: config.Users.SweepEvery,
		Sleep: pause, Now: config.Now, Sink: config.Sink,
	})
	if err != nil {
		return err
	}
	p.events = userevents.New(userevents.Config{Secret: config.Users.FlowSecret, Users: p.watch, Now: config.Now, Sink: config.Sink})
	return nil
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

// Watch returns what notices that users have changed. It has to be run.
func (p *Provider) Watch() *watch.Watch { return p.watch }

// Looks tells the other nodes when users were seen in Directus. It has to be run.
func (p *Provider) Looks() *account.Looks { return p.gate.Looks }

func (p *Provider) endOlder(ctx context.Context, subject, reason string, over func(storage.Sighting) bool) error {
	return p.desk.EndOlder(ctx, subject, reason, over)
}

func (p *Provider) endBefore(ctx context.Context, subject, reason string, at time.Time) error {
	return p.desk.EndBefore(ctx, subject, reason, at)
}
