// Package checksession is the page that tells apps whether the sign-in of a
// browser is still the one they know: OpenID Connect Session Management 1.0,
// section 3. Apps load it in a frame and ask it by messages. It is the one page of
// ours that may be framed, and it shows nothing.
package checksession
