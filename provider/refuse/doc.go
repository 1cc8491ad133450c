// Package refuse is the one writer of errors that are answered as JSON (RFC
// 6749, section 5.2): what went wrong is told to the log in full and to the
// client in general.
//
// It owns the step from any error to the one that the client sees, and the event
// that tells of it. It does not know which endpoint refuses, nor error pages and
// redirects: those are of authorize and logout.
package refuse
