package directus

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"gatehouse/storage"
	"gatehouse/storage/directus/internal/rest"
)

// ErrServiceToken says that Directus refuses the service token, or shows it
// less than it must see. It always comes together with storage.ErrUnavailable.
var ErrServiceToken = errors.New("directus refuses the service token")

// ErrWriteToken says that Directus refuses the write token, or does not let it
// create or change users. It always comes together with storage.ErrUnavailable.
var ErrWriteToken = errors.New("directus refuses the write token")

// Codes of Directus that decide something.
const (
	codeInvalidCredentials = "INVALID_CREDENTIALS" //nolint:gosec // the name of an error
	codeInvalidOTP         = "INVALID_OTP"
	codeInvalidPayload     = "INVALID_PAYLOAD"
	codeInvalidQuery       = "INVALID_QUERY"
	codeInvalidProvider    = "INVALID_PROVIDER"
	codeUserSuspended      = "USER_SUSPENDED"
	codeResourceRestricted = "RESOURCE_RESTRICTED"
	codeRouteNotFound      = "ROUTE_NOT_FOUND"
	codeServiceUnavailable = "SERVICE_UNAVAILABLE"
	codeForbidden          = "FORBIDDEN"
	codeFailedValidation   = "FAILED_VALIDATION"
	codeValueTooLong       = "VALUE_TOO_LONG"
	codeRecordNotUnique    = "RECORD_NOT_UNIQUE"
	codeLimitExceeded      = "LIMIT_EXCEEDED"
	codeInvalidToken       = "INVALID_TOKEN" //nolint:gosec // the name of an error
	codeTokenExpired       = "TOKEN_EXPIRED" //nolint:gosec // the name of an error
	codeInvalidInvite      = "INVALID_INVITE"
)

// UnavailableError is storage.ErrUnavailable with the reason. Its text is for
// the log and carries nothing that Directus said but status and code.
type UnavailableError struct {
	// RetryAfter is the wait that Directus asked for, or the crowd of logins;
	// zero if there is none to tell.
	RetryAfter time.Duration

	cause error
}

func (e *UnavailableError) Error() string {
	return fmt.Sprintf("%s: %s", storage.ErrUnavailable, e.cause)
}

// Unwrap makes the error both storage.ErrUnavailable and its cause, and
// storage.ErrUncertain if Directus may have done what it was asked.
func (e *UnavailableError) Unwrap() []error {
	causes := []error{storage.ErrUnavailable, e.cause}
	if rest.Uncertain(e.cause) {
		causes = append(causes, storage.ErrUncertain)
	}
	return causes
}

// unavailable is for errors that no caller can do anything about. It leaves the
// end of the caller's own context what it is.
func unavailable(err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	failure := &UnavailableError{cause: err}
	if refusal, ok := errors.AsType[*rest.RefusalError](err); ok {
		failure.RetryAfter = refusal.RetryAfter
	}
	if unanswered, ok := errors.AsType[*rest.FailureError](err); ok {
		failure.RetryAfter = unanswered.RetryAfter
	}
	return failure
}

// serviceError is unavailable for requests that the service token makes.
func serviceError(err error) error {
	switch rest.Status(err) {
	case http.StatusUnauthorized, http.StatusForbidden:
		err = fmt.Errorf("%w: %w", ErrServiceToken, err)
	}
	return unavailable(err)
}
