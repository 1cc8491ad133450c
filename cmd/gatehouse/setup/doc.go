// Package setup carries "gatehouse setup" out: it asks for the administrator's
// credentials, lets storage/directus/prepare do its work, writes the service
// token to its file and says in words what was done and what is left to do.
//
// The credentials are read from a prompt, from the environment or from a file,
// used for this one run, and never stored or shown.
package setup
