// Package userinfo is the UserInfo endpoint (OpenID Connect Core 1.0, section
// 5.3) for bearer tokens (RFC 6750).
//
// It owns how a bearer token is presented, and what is answered to one that will
// not do. It does not know how a token is recognised (token), whether the user
// may still go on (account), nor which claims a scope releases (claims).
package userinfo
