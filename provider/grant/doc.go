// Package grant is the token endpoint (RFC 6749, section 3.2).
//
// The handler goes through the same phases for every grant type: read the form,
// authenticate the client, then hand over to one file a grant type, and issue
// what it authorises. A grant type cannot leave a phase out. The client is
// authenticated before anything it presents is looked up, so that invalid_client
// never depends on a code or token.
package grant
