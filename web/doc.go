// Package web is the screens: sign-in, one-time password, account chooser,
// consent, sign-out, errors, and the page of the form_post response mode.
//
// One screen is one Go file, one template, its keys in every catalogue of
// locales/, and one golden. Screens never lead to one another: each ends in a
// call of Interactions, which names the address that asks the policy again.
// Everything works without scripts; static/gatehouse.js only adds comfort.
//
// limit.go keeps strangers from locking people out of Directus: it counts what
// Directus counts, and stops before Directus would.
//
// The package does not know how a password is checked nor what a token is, and
// decides nothing about a request: that is provider/authorize.
package web
