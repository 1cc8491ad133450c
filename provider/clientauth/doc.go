// Package clientauth authenticates clients at the token endpoint and its siblings:
// one file a method, exactly one method per request.
//
// Specifications: RFC 6749, sections 2.3 and 3.2.1; OpenID Connect Core, section
// 9; RFC 7521 and RFC 7523 (assertions); RFC 9700, section 2.5.
//
// It does not know what the client wants, nor how an error is written. The form was
// read, and duplicates and parameters in the query refused, before it is called.
package clientauth
