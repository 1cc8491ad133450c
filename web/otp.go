package web

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"
	"unicode"

	"gatehouse/provider/authorize"
	"gatehouse/provider/event"
	"gatehouse/storage"
)

const (
	// otpPatience is how long a right password is kept for its one-time
	// password; Directus takes only both together.
	otpPatience = 5 * time.Minute
	otpFailures = 5
	otpDigits   = 6
	// otpMemory outlasts the time in which Directus takes a code.
	otpMemory = 90 * time.Second
)

// otpPage is the data of otp.html.
type otpPage struct {
	page
	App     app
	Action  string
	BackURL string
	Email   string
	// Problem is the key of what is wrong with the code.
	Problem string
}

// askOTP keeps the password, sealed, and asks for the one-time password.
func (s *screens) askOTP(w http.ResponseWriter, r *http.Request, interaction *authorize.Interaction, pending storage.PendingSignIn) {
	if err := s.store.PendingSignIns.Put(r.Context(), interaction.Request.ID, pending, otpPatience); err != nil {
		s.broken(w, r, err)
		return
	}
	s.to(w, r, interaction, "/login/otp", "", "")
}

// pending returns the right password that waits, or leads back to the sign-in.
func (s *screens) pending(w http.ResponseWriter, r *http.Request, interaction *authorize.Interaction) (storage.PendingSignIn, bool) {
	record, err := s.store.PendingSignIns.Get(r.Context(), interaction.Request.ID)
	if errors.Is(err, storage.ErrNotFound) {
		// Whoever is signed in meanwhile, in another tab, needs nothing more.
		if !wantsSignIn(interaction) {
			seeOther(w, r, interaction.ResumeURL)
			return storage.PendingSignIn{}, false
		}
		s.to(w, r, interaction, "/login", "again", "expired")
		return storage.PendingSignIn{}, false
	}
	if err != nil {
		s.broken(w, r, err)
		return storage.PendingSignIn{}, false
	}
	return record.Value, true
}

func (s *screens) otp(w http.ResponseWriter, r *http.Request) {
	interaction, ok := s.open(w, r)
	if !ok {
		return
	}
	pending, ok := s.pending(w, r, interaction)
	if ok && !s.isAway(w, r, errorKind{name: "unavailable"}) {
		s.showOTP(w, r, interaction, pending, "")
	}
}

func (s *screens) showOTP(w http.ResponseWriter, r *http.Request, interaction *authorize.Interaction, pending storage.PendingSignIn, problem string) {
	frame := s.screen(w, r, s.readerOf(r, interaction))
	data := otpPage{
		page: frame, App: frame.asking(interaction), Action: here(r, "", ""),
		BackURL: s.prefix + "/login" + here(r, "other", "1"), Email: pending.Email, Problem: problem,
	}
	data.Failed = problem != ""
	s.show(w, r, http.StatusOK, "otp", data, s.endsAt(interaction))
}

func (s *screens) otpPost(w http.ResponseWriter, r *http.Request) {
	interaction, form, ok := s.submitted(w, r)
	if !ok {
		return
	}
	pending, ok := s.pending(w, r, interaction)
	if !ok {
		return
	}
	code, ok := readOTP(form.Get("otp"))
	if !ok {
		s.showOTP(w, r, interaction, pending, "otp.problem.form")
		return
	}
	result, err := s.authenticateOTP(r, pending, code)
	if err != nil {
		s.notSignedInByOTP(w, r, interaction, pending, err)
		return
	}
	s.signedIn(w, r, interaction, result, arrival{
		email: pending.Email, password: storage.Secret(pending.Password), remember: pending.Remember,
	})
}

// authenticateOTP signs in by password and code.
func (s *screens) authenticateOTP(r *http.Request, pending storage.PendingSignIn, code string) (SignInResult, error) {
	var result SignInResult
	err := s.takeOTP(r.Context(), pending.Email, code, func() error {
		var err error
		result, err = s.authenticate(r, storage.Credentials{
			Email: pending.Email, Password: storage.Secret(pending.Password), OTP: storage.Secret(code),
		})
		return err
	})
	return result, err
}

// takeOTP takes each code once, whatever for. Directus takes one as often as it
// comes within its time, so that whoever saw it typed could use it too (RFC 6238,
// section 5.2). The code is taken before Directus is asked, and given back if
// Directus certainly did not use it: then it may just have been typed too early.
func (s *screens) takeOTP(ctx context.Context, email, code string, ask func() error) error {
	name := "otp\x00" + attemptsName(email) + "\x00" + code
	err := s.store.Seen.Add(ctx, name, storage.Mark{}, otpMemory)
	if errors.Is(err, storage.ErrExists) {
		return storage.ErrInvalidOTP
	}
	if err != nil {
		return err
	}
	if err := ask(); err != nil {
		if notTaken(err) {
			return errors.Join(err, s.store.Seen.Delete(ctx, name))
		}
		return err
	}
	return nil
}

// notTaken says that Directus certainly did nothing.
func notTaken(err error) bool {
	for _, open := range []error{storage.ErrUncertain, context.DeadlineExceeded, context.Canceled} {
		if errors.Is(err, open) {
			return false
		}
	}
	for _, definite := range []error{
		storage.ErrInvalidOTP, storage.ErrInvalidCredentials, storage.ErrOTPRequired, storage.ErrMalformed,
		storage.ErrRestricted, storage.ErrForbidden, storage.ErrUnavailable, ErrExhausted, errAddressThrottled,
	} {
		if errors.Is(err, definite) {
			return true
		}
	}
	return false
}

// forgetPassword ends a password that waits for its code, when the request
// moves on without. Failing, the password ends by itself soon.
func (s *screens) forgetPassword(r *http.Request, interaction *authorize.Interaction) {
	if err := s.store.PendingSignIns.Delete(r.Context(), interaction.Request.ID); err != nil {
		s.sink.Emit(r.Context(), event.Event{Name: event.InternalError, Kind: "screen", Reason: "a waiting password was not deleted", Err: err})
	}
}

// deny ends the request at the person's wish.
func (s *screens) deny(w http.ResponseWriter, r *http.Request, interaction *authorize.Interaction) {
	s.forgetPassword(r, interaction)
	s.interactions.Deny(w, r, interaction)
}

func (s *screens) notSignedInByOTP(w http.ResponseWriter, r *http.Request, interaction *authorize.Interaction, pending storage.PendingSignIn, err error) {
	if !errors.Is(err, storage.ErrInvalidOTP) && !errors.Is(err, storage.ErrOTPRequired) {
		// The password was changed or the account ended meanwhile, among others:
		// the sign-in page says what it says then.
		data := s.loginPage(w, r, interaction)
		data.Action, data.Email, data.Remember = s.prefix+"/login"+data.Action, pending.Email, pending.Remember
		data.OtherURL = s.prefix + "/login" + data.OtherURL
		s.notSignedIn(w, r, interaction, err, data)
		return
	}
	s.sink.Emit(r.Context(), event.Event{Name: event.SignInFailed, ClientID: interaction.Client.ID, Kind: "otp", Reason: reasonOf(storage.ErrInvalidOTP)})
	var failures int
	err = s.store.PendingSignIns.Update(r.Context(), interaction.Request.ID, func(p *storage.PendingSignIn) error {
		p.Failures++
		failures = p.Failures
		return nil
	})
	if err == nil && failures < otpFailures {
		s.showOTP(w, r, interaction, pending, "otp.problem.refused")
		return
	}
	if err == nil {
		err = s.store.PendingSignIns.Delete(r.Context(), interaction.Request.ID)
	}
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		s.broken(w, r, err)
		return
	}
	s.to(w, r, interaction, "/login", "again", "otp")
}

// readOTP takes the spaces and dashes out that people and apps put between the
// digits.
func readOTP(typed string) (string, bool) {
	code := strings.Map(func(c rune) rune {
		switch {
		case unicode.IsSpace(c), c == '-':
			return -1
		case c >= '٠' && c <= '٩': // keyboards of Arabic
			return c - '٠' + '0'
		case c >= '۰' && c <= '۹': // keyboards of Persian and Urdu
			return c - '۰' + '0'
		}
		return c
	}, typed)
	if len(code) != otpDigits || strings.Trim(code, "0123456789") != "" {
		return "", false
	}
	return code, true
}
