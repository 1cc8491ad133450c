// Package directustest is a Directus for unit tests: an HTTP server in this
// process that answers the requests that Gatehouse makes as Directus 12.4.0
// was seen to answer them, its odd habits included.
//
//   - Every failed login of an existing user counts; attempt n+1 suspends the
//     user, and answers 200 all the same if its password is right.
//   - Users that are not active look like wrong passwords.
//   - A one-time password is asked for after the password, works more than
//     once within its step, and is ignored for users without one.
//   - Refresh is not atomic: calls at the same time may all get a new token, of
//     which the last one lives.
//   - A registration says the same whether the address is known or not; it is
//     off until SetRegistration. Mails asks for no mailbox: it has the links.
//     Any URL may stand in them until SetAllowLists.
//   - A refused password is repeated in the answer (FAILED_VALIDATION).
//   - The token of a mail works once: a reset's until the password changes, the
//     others' until the status does.
//   - Files are for those who may read them, but anybody may have those that
//     settings of the project name.
//   - A token stays good after logout, a refresh token does not.
//
// It never checks the person's input harder than Directus does, stalls no
// answers, and keeps nothing.
package directustest
