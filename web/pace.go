package web

import (
	"context"
	"time"
)

// minimumAnswer is longer than Directus takes for any of these answers in quiet
// times: it holds them back by half a second or three quarters itself.
const minimumAnswer = 1200 * time.Millisecond

// Pace holds answers back that would otherwise tell by their time whether an
// account exists. Fields that are zero take their default.
type Pace struct {
	// Wait returns after the duration, or when the context ends.
	Wait func(ctx context.Context, d time.Duration) error
	// MinimumAnswer is how long such an answer takes at least: 1.2 seconds. One
	// that takes longer takes twice as long, and so on: also what Directus does
	// on a busy day shows in whole steps only.
	MinimumAnswer time.Duration
}

func (p Pace) withDefaults() Pace {
	if p.Wait == nil {
		p.Wait = wait
	}
	p.MinimumAnswer = orDefault(p.MinimumAnswer, minimumAnswer)
	return p
}

// hold waits until an answer that took so long may be given.
func (p Pace) hold(ctx context.Context, took time.Duration) error {
	rest := p.MinimumAnswer - max(took, 0)%p.MinimumAnswer
	if took > 0 && rest == p.MinimumAnswer {
		return nil
	}
	return p.Wait(ctx, rest)
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
