// Package doctor looks at an installation from every side and says what is
// wrong with it, how bad that is, and how to mend it.
//
// It changes nothing, and never shows a secret.
package doctor
