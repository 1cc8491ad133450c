// Package rights says what the service token has to read in Directus for a
// configuration, and why. gatehouse setup grants exactly that, gatehouse doctor
// compares, and the tests on a real Directus run with no more. Whatever reads a
// further collection of Directus has its line here.
package rights
