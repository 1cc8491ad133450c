// Package watch finds out in time that users have changed in Directus, and lets
// provider/account decide what that ends.
//
// Whoever hears of a change only names users (Named): what happens is decided by
// a look at Directus, never by what the message says, so that a forged one ends
// nobody. One thing Directus shows to nobody, that a password is another
// (PasswordChanged). Besides, every user who has a session or grant is looked at
// now and then, by one node at a time.
//
// The package does not know where messages come from.
package watch
