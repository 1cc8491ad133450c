package event

import "context"

// Name names an outcome. Names are stable: operators alert on them.
type Name string

// Every outcome there is. docs/events.md describes each.
const (
	SignInSucceeded       Name = "sign_in.succeeded"
	SignInFailed          Name = "sign_in.failed"
	SignInThrottled       Name = "sign_in.throttled"
	SessionEnded          Name = "session.ended"
	UserEnded             Name = "user.ended"
	UserEventRefused      Name = "user_event.refused"
	ConsentGranted        Name = "consent.granted"
	ConsentDenied         Name = "consent.denied"
	AuthorizationGranted  Name = "authorization.granted"
	AuthorizationRefused  Name = "authorization.refused"
	TokenIssued           Name = "token.issued"
	TokenRefused          Name = "token.refused"
	TokenExchanged        Name = "token.exchanged"
	TokenRevoked          Name = "token.revoked"
	CodeReplayed          Name = "code.replayed"
	RefreshTokenReused    Name = "refresh_token.reused"
	GrantRevoked          Name = "grant.revoked"
	ClientAuthFailed      Name = "client_authentication.failed"
	IntrospectionAnswered Name = "introspection.answered"
	UserInfoAnswered      Name = "userinfo.answered"
	SigningKeyRotated     Name = "signing_key.rotated"

	// What people do to their accounts.
	RegistrationRequested  Name = "registration.requested"
	EmailVerified          Name = "email.verified"
	PasswordResetRequested Name = "password.reset_requested"
	PasswordReset          Name = "password.reset"
	PasswordChanged        Name = "password.changed"
	InvitationAccepted     Name = "invitation.accepted"
	OTPEnrolled            Name = "otp.enrolled"
	OTPDisabled            Name = "otp.disabled"
	ProfileChanged         Name = "profile.changed"
	AppRemoved             Name = "app.removed"
	// MailThrottled says that a mail was not asked for; LinkRefused that the
	// token of one was not taken.
	MailThrottled Name = "mail.throttled"
	LinkRefused   Name = "link.refused"

	// What clients do about their registration.
	ClientRegistered          Name = "client.registered"
	ClientChanged             Name = "client.changed"
	ClientDeleted             Name = "client.deleted"
	ClientRegistrationRefused Name = "client.registration_refused"

	// What people do to the clients that stand in Directus.
	ClientRowAdded   Name = "client_row.added"
	ClientRowChanged Name = "client_row.changed"
	ClientRowRefused Name = "client_row.refused"
	ClientRowRemoved Name = "client_row.removed"

	// What clients hear of sessions that ended. A failure is tried again.
	LogoutDelivered      Name = "logout.delivered"
	LogoutDeliveryFailed Name = "logout.delivery_failed"
	LogoutGivenUp        Name = "logout.given_up"

	// DirectusAway says that Directus does not answer and is left alone for a
	// while, DirectusBack that it answers again.
	DirectusAway Name = "directus.away"
	DirectusBack Name = "directus.back"

	InternalError Name = "internal_error"
)

// Event is one outcome. It never holds a password, token, code or secret.
type Event struct {
	Name Name
	// ClientID, Subject, SessionID and GrantID are empty where unknown.
	ClientID  string
	Subject   string
	SessionID string
	GrantID   string
	// Kind tells variants of an outcome apart: the grant type, the endpoint,
	// or the OAuth error code.
	Kind string
	// Reason is for operators: more exact than what the client was told.
	Reason string
	// Err is the cause, if there is one.
	Err error
}

// Sink receives events. Emit must not block for long and is safe for concurrent
// use; the context carries what With… put there.
type Sink interface {
	Emit(ctx context.Context, event Event)
}

// Discard is a Sink that forgets.
var Discard Sink = discard{} //nolint:gochecknoglobals // a constant in all but syntax

type discard struct{}

func (discard) Emit(context.Context, Event) {}
