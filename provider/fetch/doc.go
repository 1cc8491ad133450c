// Package fetch speaks to addresses that strangers chose, such as the jwks_uri of a
// client, without lending them our place in the network.
//
// Only https is spoken, no proxy of the environment is used, and the address that
// is really dialled must be a public one: checking the name would not do, since it
// may resolve differently a moment later (server-side request forgery by DNS
// rebinding; RFC 9700, section 4.11; RFC 7591, section 5). Every redirect is
// checked as the first address was. Operators name exceptions, see Exception.
//
// It does not know what the documents say, nor what is posted.
package fetch
