package account

import "gatehouse/storage"

// Cause is why what a user had was ended. It stands in events, so that the words
// are stable.
type Cause string

// The causes there are. The first four are no matter of choice: such a user is
// refused wherever he is looked up.
const (
	Suspended Cause = "suspended"
	Archived  Cause = "archived"
	Deleted   Cause = "deleted"
	// Inactive is any other status than active: it is free text in Directus.
	Inactive Cause = "inactive"

	Email    Cause = "email"
	Role     Cause = "role"
	Password Cause = "password"
)

// Choices are the causes that an operator may leave out.
func Choices() []Cause { return []Cause{Email, Role, Password} }

// inactive is the cause that a status is.
func inactive(status string) Cause {
	switch status {
	case string(Suspended):
		return Suspended
	case string(Archived):
		return Archived
	}
	return Inactive
}

// changes are what differs between what was remembered and what is seen now, of
// which only Email and Role can be. Nothing differs from a record of an earlier
// version, which remembers nothing.
func changes(then, now storage.Sighting) []Cause {
	if then.Zero() {
		return nil
	}
	var changed []Cause
	if !then.SameEmail(now) {
		changed = append(changed, Email)
	}
	if then.Role != now.Role {
		changed = append(changed, Role)
	}
	return changed
}
