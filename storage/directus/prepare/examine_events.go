package prepare

import (
	"context"
	"crypto/subtle"
)

// FlowState is how the Flow in Directus is, beside Options.Flow.
type FlowState int

// The states. FlowAbsent is that of a Directus which has none and needs none.
const (
	FlowAbsent FlowState = iota
	// FlowKept is as it should be.
	FlowKept
	// FlowMissing: it should be there, and is not.
	FlowMissing
	// FlowOff: it is there, and does nothing.
	FlowOff
	// FlowSecretDiffers: what it sends, we refuse.
	FlowSecretDiffers
	// FlowDiffers in something else, such as where it sends to.
	FlowDiffers
	// FlowUnwanted: it sends, and Options have no Flow.
	FlowUnwanted
	// FlowWhole: it lacks the second Flow, and sends all users with another password
	// in one call, however many.
	FlowWhole
)

// examineFlow compares the Flow with what Options would make.
func (p *preparation) examineFlow(ctx context.Context, found *Examination) error {
	flows, err := p.flows(ctx)
	if err != nil {
		return err
	}
	found.Flow = state(flows, p.options.Flow)
	return nil
}

func state(found ours, wanted *Flow) FlowState {
	active := false
	for _, f := range found.tell {
		active = active || f.Status == "active"
	}
	switch {
	case wanted == nil && active:
		return FlowUnwanted
	case wanted == nil:
		return FlowAbsent
	case len(found.tell) == 0:
		return FlowMissing
	case !active:
		return FlowOff
	case found.are(*wanted):
		return FlowKept
	case len(found.tell) == 1 && len(found.one) == 0 && found.tell[0].is(wanted.tell("")):
		return FlowWhole
	}
	for _, f := range append(found.tell, found.one...) {
		if len(found.tell) == 1 && !f.sends(*wanted) {
			return FlowSecretDiffers
		}
	}
	return FlowDiffers
}

// sends says whether every request of the Flow has our header with our secret.
func (f flow) sends(wanted Flow) bool {
	for _, o := range f.Operations {
		if o.Type != "request" {
			continue
		}
		headers, _ := o.Options["headers"].([]any)
		right := false
		for _, each := range headers {
			header, _ := each.(map[string]any)
			value, _ := header["value"].(string)
			right = right || header["header"] == wanted.Header && subtle.ConstantTimeCompare([]byte(value), []byte(wanted.Secret.Reveal())) == 1
		}
		if !right {
			return false
		}
	}
	return true
}
