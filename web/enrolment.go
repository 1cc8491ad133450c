package web

import (
	"context"
	"errors"
	"net/http"
	"time"

	"gatehouse/provider/authorize"
	"gatehouse/provider/event"
	"gatehouse/storage"
)

const (
	// enrolmentPatience is how long a secret waits for its first code.
	enrolmentPatience = 10 * time.Minute
	// accessMost is as long as an access token of Directus is good for.
	accessMost = 15 * time.Minute
	// accessRetry is how long nobody is sent to a sign-in that is of no use.
	accessRetry = time.Minute
)

var (
	// errEnrolmentGone says that no secret waits for a code any more.
	errEnrolmentGone = errors.New("enrolment has ended")
	// errTooManyCodes says that too many codes were wrong.
	errTooManyCodes = errors.New("too many one-time passwords were wrong")
	// errOTPEnforced says that a policy asks for the one-time password.
	errOTPEnforced = errors.New("a policy asks for the one-time password")
	// errAccessTooShort is for the operator.
	errAccessTooShort = errors.New("access tokens of Directus end too soon: raise its ACCESS_TOKEN_TTL")
	// errAccessGone says that only another sign-in helps.
	errAccessGone = errors.New("access to the own account is gone")
)

// external says that the visitor has no password here.
func (v visitor) external() bool {
	return v.account.Provider != "" && v.account.Provider != storage.DefaultProvider
}

// keepAccess keeps what a sign-in gave for its few minutes: a page of ours
// will need it.
func (s *screens) keepAccess(ctx context.Context, sessionID string, access storage.DirectusAccess) error {
	lifetime := min(access.Expires.Sub(s.now()), accessMost)
	if access.AccessToken == "" {
		return nil
	}
	if lifetime <= 0 {
		// Another sign-in would give no more: remember that this one did not.
		none := storage.DirectusAccess{Subject: access.Subject, Expires: s.now().Add(accessRetry)}
		return s.store.DirectusAccesses.Put(ctx, sessionID, none, accessRetry)
	}
	return s.store.DirectusAccesses.Put(ctx, sessionID, access, lifetime)
}

// uselessSignIn says that the visitor signed in a moment ago and got an access
// that had ended already: to send him to sign in again would never end.
func (s *screens) uselessSignIn(ctx context.Context, who visitor) (bool, error) {
	record, err := s.store.DirectusAccesses.Get(ctx, who.session.ID)
	if errors.Is(err, storage.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return record.Value.AccessToken == "" && s.now().Before(record.Value.Expires), nil
}

// access is what the last sign-in of the session gave, or errAccessGone.
func (s *screens) access(ctx context.Context, who visitor) (storage.DirectusAccess, error) {
	record, err := s.store.DirectusAccesses.Get(ctx, who.session.ID)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return storage.DirectusAccess{}, errAccessGone
	case err != nil:
		return storage.DirectusAccess{}, err
	case record.Value.AccessToken == "", record.Value.Subject != who.session.Subject, !s.now().Before(record.Value.Expires), record.Value.Failures >= otpFailures:
		return storage.DirectusAccess{}, errAccessGone
	}
	return record.Value, nil
}

// otpRights says whether the project lets the person set a one-time password up
// or turn it off, as far as that is known before he gives his password.
func (s *screens) otpRights(ctx context.Context, who visitor) (storage.OwnRights, error) {
	unknown := storage.OwnRights{OneTimePassword: true}
	access, err := s.access(ctx, who)
	if errors.Is(err, errAccessGone) {
		return unknown, nil
	}
	if err != nil {
		return storage.OwnRights{}, err
	}
	rights, err := s.oneTimePasswords.Rights(ctx, access, callerOf(ctx))
	switch {
	case errors.Is(err, storage.ErrForbidden):
		return storage.OwnRights{}, nil
	case errors.Is(err, storage.ErrInvalidCredentials): // the access ended early
		return unknown, nil
	}
	return rights, err
}

// callerOf says where the person is: a policy may hold for some addresses only.
func callerOf(ctx context.Context) storage.Caller {
	request := event.RequestOf(ctx)
	return storage.Caller{ClientAddress: request.ClientAddress, UserAgent: request.UserAgent}
}

// startEnrolment makes a secret for a person who gives his password. Besides
// the errors of authenticate it returns storage.ErrForbidden, ErrOTPIsSet, or
// errAccessGone for a person without a password who has to sign in again.
func (s *screens) startEnrolment(r *http.Request, who visitor, password storage.Secret) error {
	if who.external() {
		access, err := s.access(r.Context(), who)
		if err != nil {
			return err
		}
		return s.generate(r.Context(), who.session, access, "")
	}
	result, err := s.authenticate(r, storage.Credentials{Email: who.account.Email, Password: password, OnlyCheck: true})
	if err == nil && result.Account.ID != who.session.Subject {
		// The address is another's by now.
		err = storage.ErrInvalidCredentials
	}
	switch {
	case errors.Is(err, storage.ErrOTPRequired):
		return storage.ErrOTPIsSet
	case errors.Is(err, ErrExhausted), errors.Is(err, errAddressThrottled):
		return err
	case err != nil:
		s.sink.Emit(r.Context(), event.Event{
			Name: event.SignInFailed, Subject: who.session.Subject, SessionID: who.session.ID, Kind: "password", Reason: reasonOf(err), Err: err,
		})
		return err
	}
	return s.generate(r.Context(), who.session, result.Access, password)
}

// generate makes a secret and keeps it for this session alone, no longer than
// the access that is needed to set it up.
func (s *screens) generate(ctx context.Context, current storage.Session, access storage.DirectusAccess, password storage.Secret) error {
	lifetime := min(access.Expires.Sub(s.now()), enrolmentPatience)
	if lifetime <= 0 {
		return errAccessGone
	}
	rights, err := s.oneTimePasswords.Rights(ctx, access, callerOf(ctx))
	if err == nil && !rights.OneTimePassword {
		// Directus would make a secret, and refuse it after the person has put it
		// into his app.
		return storage.ErrForbidden
	}
	var secret storage.OTPSecret
	if err == nil {
		secret, err = s.oneTimePasswords.GenerateOTP(ctx, access, password)
	}
	if errors.Is(err, storage.ErrAccessEnded) {
		return errAccessGone
	}
	if err != nil {
		return err
	}
	return s.store.Enrolments.Put(ctx, current.ID, storage.Enrolment{Subject: current.Subject, OTP: secret, Access: access}, lifetime)
}

// enrolment is the secret that waits for its first code, or errEnrolmentGone.
func (s *screens) enrolment(ctx context.Context, who visitor) (storage.Enrolment, error) {
	record, err := s.store.Enrolments.Get(ctx, who.session.ID)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return storage.Enrolment{}, errEnrolmentGone
	case err != nil:
		return storage.Enrolment{}, err
	case record.Value.Subject != who.session.Subject:
		return storage.Enrolment{}, errEnrolmentGone
	}
	return record.Value, nil
}

// confirmEnrolment sets the secret up, for a person whose app shows its code. It
// goes on when the browser hangs up: otherwise Directus would have a one-time
// password of which the session knows nothing. It returns storage.ErrInvalidOTP,
// errTooManyCodes, errEnrolmentGone, storage.ErrForbidden or ErrOTPIsSet, among
// others.
func (s *screens) confirmEnrolment(r *http.Request, who visitor, code string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), s.attemptTimeout)
	defer cancel()
	waiting, err := s.enrolment(ctx, who)
	if err != nil {
		return err
	}
	err = s.takeOTP(ctx, who.account.Email, code, func() error {
		return s.oneTimePasswords.EnableOTP(ctx, waiting.Access, waiting.OTP, storage.Secret(code))
	})
	switch {
	case err == nil:
		if err := s.desk.SetOTP(ctx, who.browser, who.session.ID, true); err != nil {
			return err
		}
		s.sink.Emit(ctx, event.Event{Name: event.OTPEnrolled, Subject: who.session.Subject, SessionID: who.session.ID})
		return s.store.Enrolments.Delete(ctx, who.session.ID)
	case errors.Is(err, storage.ErrInvalidOTP):
		return s.wrongCode(ctx, who)
	case errors.Is(err, storage.ErrInvalidCredentials):
		err = errEnrolmentGone
	case !errors.Is(err, storage.ErrForbidden) && !errors.Is(err, storage.ErrOTPIsSet):
		return err // it may work in a moment
	}
	return errors.Join(err, s.store.Enrolments.Delete(ctx, who.session.ID))
}

// wrongCode counts. After some the secret is another: it may have been put into
// the app wrongly.
func (s *screens) wrongCode(ctx context.Context, who visitor) error {
	var failures int
	err := s.store.Enrolments.Update(ctx, who.session.ID, func(e *storage.Enrolment) error {
		e.Failures++
		failures = e.Failures
		return nil
	})
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return errEnrolmentGone
	case err != nil:
		return err
	case failures < otpFailures:
		return storage.ErrInvalidOTP
	}
	return errors.Join(errTooManyCodes, s.store.Enrolments.Delete(ctx, who.session.ID))
}

// disableOTP turns the one-time password off for a person who just signed in
// and whose app shows a code that he has not used yet. Directus counts no wrong
// codes here, so each is counted before it is asked: whoever finds an unlocked
// device has five guesses, and then needs password and code to sign in. It
// returns storage.ErrInvalidOTP, errTooManyCodes, errAccessGone, errOTPEnforced or
// storage.ErrForbidden, among others.
func (s *screens) disableOTP(r *http.Request, who visitor, code string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), s.attemptTimeout)
	defer cancel()
	access, err := s.access(ctx, who)
	if err != nil {
		return err
	}
	if err := s.mayDisableOTP(ctx, access); err != nil {
		return err
	}
	var tried int
	err = s.store.DirectusAccesses.Update(ctx, who.session.ID, func(a *storage.DirectusAccess) error {
		if a.Failures >= otpFailures {
			return errAccessGone
		}
		a.Failures++
		tried = a.Failures
		return nil
	})
	if errors.Is(err, storage.ErrNotFound) {
		return errAccessGone
	}
	if err != nil {
		return err
	}
	err = s.takeOTP(ctx, who.account.Email, code, func() error {
		return s.oneTimePasswords.DisableOTP(ctx, access, storage.Secret(code))
	})
	switch {
	case errors.Is(err, storage.ErrInvalidCredentials):
		return errAccessGone
	case errors.Is(err, storage.ErrInvalidOTP) && tried == otpFailures:
		return errTooManyCodes
	case err != nil:
		return err
	}
	if err := s.desk.SetOTP(ctx, who.browser, who.session.ID, false); err != nil {
		return err
	}
	s.sink.Emit(ctx, event.Event{Name: event.OTPDisabled, Subject: who.session.Subject, SessionID: who.session.ID})
	return nil
}

// mayDisableOTP asks each time: a page may be older than the policy, and Directus
// refuses nobody. Where it does not answer, the one-time password stays.
func (s *screens) mayDisableOTP(ctx context.Context, access storage.DirectusAccess) error {
	rights, err := s.oneTimePasswords.Rights(ctx, access, callerOf(ctx))
	switch {
	case errors.Is(err, storage.ErrInvalidCredentials):
		return errAccessGone
	case err != nil:
		return err
	case rights.OTPEnforced:
		return errOTPEnforced
	case !rights.OneTimePassword:
		return storage.ErrForbidden
	}
	return nil
}

// prepare keeps what the next page needs of a sign-in: the access for a page of
// ours, and the secret where a one-time password must be set up, so that nobody
// types his password twice. What fails here costs only that: the page asks again.
func (s *screens) prepare(r *http.Request, interaction *authorize.Interaction, started storage.Session, result SignInResult, password storage.Secret) {
	if interaction.Request.OwnPath == "" && !result.MustEnrolOTP {
		return
	}
	err := s.keepAccess(r.Context(), started.ID, result.Access)
	if err == nil && result.MustEnrolOTP && password != "" && s.oneTimePasswords != nil {
		err = s.generate(r.Context(), started, result.Access, password)
	}
	if err != nil && !errors.Is(err, storage.ErrForbidden) && !errors.Is(err, errAccessGone) {
		s.sink.Emit(r.Context(), event.Event{
			Name: event.InternalError, Kind: "enrolment", Subject: started.Subject, Reason: "a secret was not prepared", Err: err,
		})
	}
}
