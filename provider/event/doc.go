// Package event says what happened: one Event for each protocol outcome, given
// to a Sink, from which audit log, metrics and traces are fed.
//
// It also defines the only context keys of the project: what belongs to a
// request and is wanted by whoever logs. It imports nothing of ours.
package event
