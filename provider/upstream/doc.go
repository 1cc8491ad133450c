// Package upstream looks after the sessions that sign-ins have at Directus: it
// hands out their access tokens, keeps them alive as long as something of ours
// needs them, and ends them when nothing does.
//
// A token pair is named by the session of the sign-in that made it and by the
// grants that were opened there for clients that may have Directus tokens. Which
// of these live is read each time; nobody counts. So whoever ends a session or a
// grant only says which pair may be left over, and if he crashes before, the
// next round over all pairs finds it.
//
// No specification says so. The package does not know how pairs are refreshed
// (storage/directus does), nor what a client must show to get a token
// (provider/grant does).
package upstream
