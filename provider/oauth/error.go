package oauth

import (
	"errors"
	"net/http"
)

// Error codes of RFC 6749 (sections 4.1.2.1 and 5.2), RFC 6750 (section 3.1),
// OpenID Connect Core 1.0 (section 3.1.2.6), RFC 8707, RFC 7009, RFC 7591 (section
// 3.2.2), and OpenID Connect Core Error Code unmet_authentication_requirements 1.0.
const (
	InvalidRequest           = "invalid_request"
	InvalidClient            = "invalid_client"
	InvalidGrant             = "invalid_grant"
	UnauthorizedClient       = "unauthorized_client"
	UnsupportedGrantType     = "unsupported_grant_type"
	UnsupportedResponseType  = "unsupported_response_type"
	UnsupportedTokenType     = "unsupported_token_type"
	InvalidScope             = "invalid_scope"
	InvalidTarget            = "invalid_target"
	InvalidToken             = "invalid_token"
	InsufficientScope        = "insufficient_scope"
	AccessDenied             = "access_denied"
	ServerError              = "server_error"
	TemporarilyUnavailable   = "temporarily_unavailable"
	InteractionRequired      = "interaction_required"
	LoginRequired            = "login_required"
	AccountSelectionRequired = "account_selection_required"
	ConsentRequired          = "consent_required"
	RequestNotSupported      = "request_not_supported"
	RequestURINotSupported   = "request_uri_not_supported"
	RegistrationNotSupported = "registration_not_supported"
	InvalidRequestURI        = "invalid_request_uri"
	InvalidRequestObject     = "invalid_request_object"
	InvalidRedirectURI       = "invalid_redirect_uri"
	InvalidClientMetadata    = "invalid_client_metadata"

	UnmetAuthenticationRequirements = "unmet_authentication_requirements"
)

// Error is a protocol error as the client sees it, with the cause as the log
// sees it. Description is for developers of clients and never holds internal
// detail, nor anything a stranger typed.
type Error struct {
	Code        string
	Description string
	// Status is the HTTP status for answers that carry the error themselves.
	Status int
	// Header is added to such an answer.
	Header http.Header

	cause error
}

// NewError returns an error with the status that belongs to its code: 401 for
// invalid_client and invalid_token, 403 for insufficient_scope, 500 for
// server_error, 503 for temporarily_unavailable, else 400.
func NewError(code, description string) *Error {
	return &Error{Code: code, Description: description, Status: statusOf(code)}
}

func statusOf(code string) int {
	switch code {
	case InvalidClient, InvalidToken:
		return http.StatusUnauthorized
	case InsufficientScope:
		return http.StatusForbidden
	case ServerError:
		return http.StatusInternalServerError
	case TemporarilyUnavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusBadRequest
}

// WithCause returns a copy that wraps the cause, for the log only.
func (e *Error) WithCause(cause error) *Error {
	c := *e
	c.cause = cause
	return &c
}

// WithStatus returns a copy with another HTTP status.
func (e *Error) WithStatus(status int) *Error {
	c := *e
	c.Status = status
	return &c
}

// WithHeader returns a copy whose answer carries a header.
func (e *Error) WithHeader(key, value string) *Error {
	c := *e
	c.Header = e.Header.Clone()
	if c.Header == nil {
		c.Header = http.Header{}
	}
	c.Header.Add(key, value)
	return &c
}

// Error tells all, and is for logs.
func (e *Error) Error() string {
	text := e.Code
	if e.Description != "" {
		text += ": " + e.Description
	}
	if e.cause != nil {
		text += " (" + e.cause.Error() + ")"
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.cause }

// AsError returns err as an Error. Whatever is not one is our own fault and
// becomes server_error, of which the client learns nothing more.
func AsError(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return NewError(ServerError, "the request could not be completed").WithCause(err)
}
