package main

import "slices"

// mutants is the table: every rule that is switched off.
func mutants() []Mutant {
	return slices.Concat(requests(), answers(), signIn(), idTokens(), tokens(), resources(), keysAndClients(), objects(), registrations(), logouts(), frames(), states(), logoutTokens(), documents())
}
