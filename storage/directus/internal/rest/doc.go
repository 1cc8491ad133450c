// Package rest sends single requests to Directus: bounded in number, in time
// and in the size of the answer, without following redirects.
//
// Its errors carry the status and the code of Directus's error, never its
// words: a failed validation repeats the password (FAILED_VALIDATION, value
// "invalid"), a failed uniqueness check the static token.
//
// It knows Directus's forms, that is its envelopes ({"data": …} and {"errors":
// […]}), access tokens and flags, and nothing of what the requests mean.
package rest
