package storage

// UserAccess is where a user stands in the roles and policies of Directus.
type UserAccess struct {
	// Roles are the user's own role and those above it, the own one first.
	Roles []NamedRole
	// Policies are those of the user and of all Roles, without the order in which
	// Directus applies them.
	Policies []NamedPolicy
	// Admin and App say whether any policy gives administrator's or Studio access.
	Admin, App bool
}

// NamedRole is a role of Directus.
type NamedRole struct {
	ID, Name string
}

// NamedPolicy is a policy of Directus 11 and later.
type NamedPolicy struct {
	ID, Name string
}
