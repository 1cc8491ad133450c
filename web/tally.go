package web

import (
	"math"
	"slices"
	"time"

	"gatehouse/storage"
)

// Bounds of a record, which only the owners of many accounts that look alike
// can reach.
const (
	// mostNames are the exact names of which a record knows more; beyond, the
	// name whose sign-in is longest ago is forgotten.
	mostNames = 16
	// mostFailures are the failures of strangers that are kept. Beyond, only
	// names under which somebody signed in since can be tried by strangers.
	mostFailures = 256
	// mostKnownFailures are those of known browsers. Beyond, these are taken
	// for strangers.
	mostKnownFailures = 2048
)

// tally reckons with the attempts of a record.
type tally struct {
	*storage.Attempts
}

// strangersUsed is what the share of strangers lacks for an attempt under the
// name: what failed under any name that looks alike and was not forgiven, and
// what has not ended.
func (t tally) strangersUsed(name string) int {
	used, forgiven := 0, t.known(name).Forgiven
	if forgiven < t.Dropped {
		return math.MaxInt
	}
	for _, failure := range t.Failures {
		if failure.Account == "" && failure.Number > forgiven {
			used++
		}
	}
	for _, pending := range t.Pending {
		if pending.Account == "" {
			used++
		}
	}
	return used
}

// knownUsed is what the share of an account lacks. What other accounts did
// under the same name counts too: an address that was given to somebody else
// has browsers that know it from before.
func (t tally) knownUsed(name, account string) int {
	used, forgiven := 0, t.known(name).Forgiven
	counts := func(otherName, otherAccount string) bool {
		return otherAccount != "" && (otherAccount == account || otherName == name)
	}
	for _, failure := range t.Failures {
		if failure.Number > forgiven && counts(failure.Name, failure.Account) {
			used++
		}
	}
	for _, pending := range t.Pending {
		if counts(pending.Name, pending.Account) {
			used++
		}
	}
	return used
}

// known is what the record knows of an exact name.
func (t tally) known(name string) storage.AttemptName {
	i := slices.IndexFunc(t.Names, func(n storage.AttemptName) bool { return n.Name == name })
	if i < 0 {
		return storage.AttemptName{Name: name}
	}
	return t.Names[i]
}

// remember replaces what the record knows of a name, at the expense of the one
// that was forgiven longest ago if there are too many.
func (t tally) remember(known storage.AttemptName) {
	t.Names = slices.DeleteFunc(t.Names, func(n storage.AttemptName) bool { return n.Name == known.Name })
	if len(t.Names) >= mostNames {
		oldest := slices.MinFunc(t.Names, func(a, b storage.AttemptName) int { return a.Forgiven - b.Forgiven })
		t.Names = slices.DeleteFunc(t.Names, func(n storage.AttemptName) bool { return n.Name == oldest.Name })
	}
	t.Names = append(t.Names, known)
}

// fail counts a failure.
func (t tally) fail(attempt storage.PendingAttempt) {
	t.Sequence++
	t.Failures = append(t.Failures, storage.AttemptFailure{Number: t.Sequence, Name: attempt.Name, Account: attempt.Account})
	if len(t.Failures) > mostFailures {
		t.drop()
	}
}

// drop leaves the oldest failures of strangers out, down to the bound.
func (t tally) drop() {
	excess := -mostFailures
	for _, failure := range t.Failures {
		if failure.Account == "" {
			excess++
		}
	}
	t.Failures = slices.DeleteFunc(t.Failures, func(failure storage.AttemptFailure) bool {
		if failure.Account != "" || excess <= 0 {
			return false
		}
		excess--
		t.Dropped = failure.Number
		return true
	})
}

// expire turns pending attempts that were never ended into failures.
func (t tally) expire(now time.Time) {
	t.Pending = slices.DeleteFunc(t.Pending, func(pending storage.PendingAttempt) bool {
		if now.Before(pending.Until) {
			return false
		}
		t.fail(pending)
		return true
	})
}

// take removes a pending attempt, if it is still there.
func (t tally) take(attempt storage.PendingAttempt) bool {
	i := slices.IndexFunc(t.Pending, func(pending storage.PendingAttempt) bool {
		return pending.Until.Equal(attempt.Until) && pending.Name == attempt.Name && pending.Account == attempt.Account
	})
	if i >= 0 {
		t.Pending = slices.Delete(t.Pending, i, i+1)
	}
	return i >= 0
}

// forgive notes a success under a name: Directus has forgotten what failed
// under it, up to the number. What failed under other names was either the same
// account, and is forgotten, or another, and does not matter under this name.
func (t tally) forgive(name string, upTo int) {
	t.Failures = slices.DeleteFunc(t.Failures, func(failure storage.AttemptFailure) bool {
		return failure.Name == name && failure.Number <= upTo
	})
	t.remember(storage.AttemptName{Name: name, Forgiven: max(upTo, t.known(name).Forgiven)})
}

// unlock notes that an operator allowed more attempts.
func (t tally) unlock(name string) {
	known := t.known(name)
	known.Unlocked = true
	t.remember(known)
}

// tidy drops what is known of a name where it makes no difference any more.
func (t tally) tidy() {
	t.Names = slices.DeleteFunc(t.Names, func(known storage.AttemptName) bool {
		return !known.Unlocked && t.Dropped == 0 && !slices.ContainsFunc(t.Failures, func(failure storage.AttemptFailure) bool {
			return failure.Number <= known.Forgiven
		})
	})
}

// empty says that the record might as well not exist.
func (t tally) empty() bool { return len(t.Failures) == 0 && len(t.Pending) == 0 && t.Dropped == 0 }

// full says that there is no room for more failures of known browsers.
func (t tally) full() bool { return len(t.Failures)+len(t.Pending) >= mostFailures+mostKnownFailures }
