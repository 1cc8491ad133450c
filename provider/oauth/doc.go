// Package oauth is the vocabulary that all endpoints share beyond
// github.com/zitadel/oidc/v3/pkg/oidc: the error type with its one JSON writer,
// the one reader of forms, sealed handles, and how addresses are put together.
//
// It knows no endpoint and imports nothing of ours.
package oauth
