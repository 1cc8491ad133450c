package doctor

import (
	"context"
	"errors"
	"fmt"

	"gatehouse/storage/directus"
	"gatehouse/storage/directus/prepare"
)

// EventSettings are those of how changes of users are heard of.
type EventSettings struct {
	// TryWebSocket connects as gatehouse serve does; nil where
	// directus.events.websocket is off.
	TryWebSocket func(ctx context.Context) error
	// Flow says that directus.events.flow_secret is set.
	Flow bool
}

// webSocket tries whether Directus tells of changes at once.
func (p Patient) webSocket(ctx context.Context) []Finding {
	const subject = "changes of users"
	if p.Events.TryWebSocket == nil {
		return nil
	}
	err := p.Events.TryWebSocket(ctx)
	switch {
	case err == nil:
		return []Finding{{Severity: OK, Subject: subject, Detail: "are told by Directus at once (WebSocket)"}}
	case errors.Is(err, directus.ErrPlainWebSocket) && p.Events.Flow:
		return nil // the Flow is the way
	case errors.Is(err, directus.ErrPlainWebSocket):
		return []Finding{{
			Note, subject, "are noticed late, by directus.sweep_interval: the WebSocket would carry the token unencrypted",
			"write an address with https as directus.url, or use a Flow: set directus.events.flow_secret, and run gatehouse setup",
		}}
	}
	finding := Finding{
		Warning, subject, fmt.Sprintf("are noticed late, by directus.sweep_interval, since the WebSocket does not work: %v", err),
		"set WEBSOCKETS_ENABLED=true and WEBSOCKETS_REST_ENABLED=true in the environment of Directus, restart it, and let what stands between pass WebSockets on; or use a Flow (directus.events.flow_secret, gatehouse setup) and write directus.events.websocket: off",
	}
	if p.Events.Flow {
		finding.Severity = Note
		finding.Detail = fmt.Sprintf("are told by the Flow only, since the WebSocket does not work: %v", err)
	}
	return []Finding{finding}
}

// flow says whether the Flow that tells of changes would be heard.
func (p Patient) flow(state prepare.FlowState) []Finding {
	const (
		subject = "flow that tells of changes"
		again   = "run gatehouse setup, which makes it anew with directus.events.flow_secret"
	)
	switch state {
	case prepare.FlowKept:
		return []Finding{{Severity: OK, Subject: subject, Detail: "is as gatehouse setup makes it"}}
	case prepare.FlowMissing:
		return []Finding{{Error, subject, "is missing in Directus, although directus.events.flow_secret is set: changes of users are not told by it", again}}
	case prepare.FlowOff:
		return []Finding{{Error, subject, "is switched off in Directus: changes of users are not told by it", again}}
	case prepare.FlowSecretDiffers:
		return []Finding{{Error, subject, "sends another secret than directus.events.flow_secret: Gatehouse refuses what it tells", again}}
	case prepare.FlowDiffers:
		return []Finding{{Error, subject, "differs from what gatehouse setup makes, such as in the address that it calls, or was made by an earlier version, or there are several of its name", again}}
	case prepare.FlowWhole:
		return []Finding{{
			Warning, subject, "tells of up to a hundred changed passwords at once; a change of more signs nobody out, since Directus took no second flow",
			"remove a Flow that is not needed in Directus (Settings, Flows), and run gatehouse setup",
		}}
	case prepare.FlowUnwanted:
		return []Finding{{
			Warning, subject, "calls Gatehouse, which does not listen: directus.events.flow_secret is not set",
			"set directus.events.flow_secret and run gatehouse setup, or remove the Flows " + prepare.FlowName + " and " + prepare.OnePasswordFlowName + " in Directus (Settings, Flows)",
		}}
	case prepare.FlowAbsent:
	}
	return nil
}
