// Package prepare sets a Directus up for Gatehouse, through the interface that
// administrators use: a service user that may read users and roles and nothing
// else, a role for customers, and the settings of registration.
//
// It can be run again and again: what is there already is verified and kept.
// The administrator's session exists for one run and is ended with it.
//
// The service user has no e-mail address and no password on purpose. With an
// address, anybody could suspend it by failing to sign in as it often enough
// (auth_login_attempts), and take Gatehouse down with it.
//
// The package knows Directus 11 and later, where rights hang on policies, and
// Directus 10, where they hang on roles. It keeps no secret and logs nothing.
package prepare
