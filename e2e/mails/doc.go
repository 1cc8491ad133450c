// Package mails holds the test of examples/directus-templates: on a real
// Directus, what is in the mails and where their links lead.
package mails
