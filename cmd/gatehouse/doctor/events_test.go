package doctor_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"gatehouse/cmd/gatehouse/doctor"
	"gatehouse/storage/directus"
	"gatehouse/storage/directus/prepare"
)

// telling is a healthy patient whose WebSocket comes to err.
func telling(err error, flow bool) func(*doctor.Patient, *directus.Inspection) {
	return func(p *doctor.Patient, i *directus.Inspection) {
		surroundings(func(*prepare.Examination) {})(p, i)
		p.Events = doctor.EventSettings{TryWebSocket: func(context.Context) error { return err }, Flow: flow}
	}
}

func flowing(state prepare.FlowState) func(*doctor.Patient, *directus.Inspection) {
	return surroundings(func(e *prepare.Examination) { e.Flow = state })
}

func mailing(answer prepare.Answer) func(*doctor.Patient, *directus.Inspection) {
	return surroundings(func(e *prepare.Examination) { e.Mail = answer })
}

func TestEventsAndMail(t *testing.T) {
	off := errors.New("status 404")
	for name, test := range map[string]struct {
		change     func(*doctor.Patient, *directus.Inspection)
		severity   doctor.Severity
		words, fix string
	}{
		"WebSocket":                    {telling(nil, false), doctor.Note, "changes of users: are told by Directus at once (WebSocket)", ""},
		"no WebSocket":                 {telling(off, false), doctor.Warning, "since the WebSocket does not work: status 404", "set WEBSOCKETS_ENABLED=true"},
		"no WebSocket, but a Flow":     {telling(off, true), doctor.Note, "are told by the Flow only", "directus.events.websocket: off"},
		"WebSocket in clear":           {telling(directus.ErrPlainWebSocket, false), doctor.Note, "would carry the token unencrypted", "set directus.events.flow_secret"},
		"Flow":                         {flowing(prepare.FlowKept), doctor.Note, "flow that tells of changes: is as gatehouse setup makes it", ""},
		"no Flow":                      {flowing(prepare.FlowMissing), doctor.Error, "is missing in Directus", "run gatehouse setup"},
		"Flow off":                     {flowing(prepare.FlowOff), doctor.Error, "is switched off in Directus", "run gatehouse setup"},
		"Flow with another secret":     {flowing(prepare.FlowSecretDiffers), doctor.Error, "sends another secret than directus.events.flow_secret", "run gatehouse setup"},
		"Flow to somewhere else":       {flowing(prepare.FlowDiffers), doctor.Error, "differs from what gatehouse setup makes", "run gatehouse setup"},
		"Flow without its second":      {flowing(prepare.FlowWhole), doctor.Warning, "tells of up to a hundred changed passwords at once", "run gatehouse setup"},
		"Flow that nobody listens to":  {flowing(prepare.FlowUnwanted), doctor.Warning, "directus.events.flow_secret is not set", "remove the Flows"},
		"mail server":                  {mailing(prepare.Yes), doctor.Note, "mail server: is reached by Directus, if it sends by SMTP", ""},
		"no mail server":               {mailing(prepare.No), doctor.Error, "mail server: is not reached by Directus", "EMAIL_TRANSPORT=smtp"},
		"mail server, nothing is told": {mailing(prepare.NotAsked), doctor.Note, "was not tried by Directus", "EMAIL_VERIFY_SETUP=true"},
	} {
		t.Run(name, func(t *testing.T) {
			findings := doctor.Examine(t.Context(), registering(test.change))
			var printed bytes.Buffer
			doctor.Print(&printed, findings)
			if worst := doctor.Worst(findings); worst != test.severity {
				t.Errorf("worst: got %v, want %v:\n%s", worst, test.severity, printed.String())
			}
			for _, words := range []string{test.words, test.fix} {
				if !strings.Contains(printed.String(), words) {
					t.Errorf("no word of %q in:\n%s", words, printed.String())
				}
			}
		})
	}
}
