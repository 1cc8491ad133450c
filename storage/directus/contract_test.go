package directus_test

import (
	"gatehouse/storage/directus"
	"gatehouse/web"
)

// What the screens ask for without an adapter between.
var (
	_ web.Registrar = (*directus.Client)(nil)
	_ web.Passwords = (*directus.Client)(nil)
	_ web.Brand     = (*directus.Client)(nil)
)
