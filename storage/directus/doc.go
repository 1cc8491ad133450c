// Package directus speaks to Directus, the only store of users: it checks
// passwords, looks users up, makes accounts and lets people change their own,
// keeps the token pairs of sign-ins and tells what state a Directus is in.
//
// Directus's names, addresses and habits end here. The ones that shape this
// package, all seen on live servers:
//
//   - A login may answer 200 for a user that the very same attempt suspended
//     (auth_login_attempts), so the status is read again after each 200.
//   - GET /users/:id may come from a cache that survives a suspension; SEARCH
//     /users never does, so users are read by SEARCH alone.
//   - A user who was deleted and one whom rules hide look the same, an empty
//     list, so the list is believed only while the token sees other users.
//   - A login by a user without one-time password ignores an otp that was
//     sent, so a 200 alone does not prove one.
//   - A refresh token works once, and not atomically: two refreshes at the same
//     time may both answer 200 with only one of the pairs alive. Sessions
//     refreshes under a lease.
//   - Directus 10 keeps a user's sessions when an administrator changes the
//     password or e-mail; later versions end them. A suspension counts in all.
//   - The answer to a registration or a request for a reset is the same for
//     everybody, but Directus looks at the password of a newcomer only. Directus
//     10 looks at the URL of a reset of existing users only, and answers 500 to
//     its tokens that are bad or have expired.
//   - A used token is FORBIDDEN at a reset, INVALID_PAYLOAD at a verification,
//     and at an invitation INVALID_INVITE, or INVALID_PAYLOAD in Directus 10. All
//     versions look at the token first, at the user next, and at the policy of
//     passwords last.
//   - The access token of a sign-in tells of a policy with enforce_tfa only if
//     the user's own role has it, and in Directus 10 never.
//   - A change at /users/me is made and then answered FORBIDDEN to a person who
//     may not read his row; /users/:id answers 204.
//   - An avatar may be any id: Directus asks neither whether there is such a file
//     nor whether the person may see it.
//   - A wrong one-time password and one that is set up already are the same
//     INVALID_PAYLOAD where one is set up, so the row is read.
//   - Error bodies may repeat the password. They are read for their code only.
//
// The package imports storage and nothing else of ours. Whoever sets a Directus
// up uses the package prepare; tests without a Directus use directustest.
package directus
