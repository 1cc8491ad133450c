// Package desk is where a person sees and ends what is kept of him here: his
// sessions, the apps he allowed something, and what they hold.
//
// It keeps nothing itself: sessions are provider/session's, grants
// provider/token's, requests provider/authorize's. It does not know how pages
// look, nor who asks: whose things they are its caller says, by the browser's
// session and by nothing else.
package desk
