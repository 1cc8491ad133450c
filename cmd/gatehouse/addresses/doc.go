// Package addresses judges e-mail addresses by the filter of Directus
// (public_registration_email_filter) before Directus sees them, so that a page can
// say at the field what Directus would refuse without a word.
//
// The filter is the same for every address, whether it has an account or not, and
// Directus too looks at it first: what is said of an address tells nothing about
// accounts. Directus has the last word; a filter that means something here which
// is not known for certain is left to it as a whole.
package addresses
