// Package doctor holds the test of what gatehouse doctor finds: each
// misconfiguration is seeded in a real installation, and must be found there with
// its remedy, and nowhere else.
package doctor
