package storage

// Project is what Directus says of itself to anybody: how it looks, and whether
// it takes new users. Ids of files are those of Asset.
type Project struct {
	Name, Descriptor string
	// Color is #rrggbb or empty.
	Color string
	// Logo, Favicon, Background and Foreground are ids of files, or empty.
	Logo, Favicon, Background, Foreground string
	// Note is Markdown for the sign-in page.
	Note string
	// Language is that of the project (BCP 47), or empty.
	Language string
	// Appearance is "auto", "light", "dark" or empty.
	Appearance string
	// Registration says whether anybody may register, and VerifiesEmail
	// whether he then has to prove his address.
	Registration, VerifiesEmail bool
}

// Picture is a file that pages show.
type Picture struct {
	ContentType string
	Body        []byte
}

// ExternalProvider is another place to sign in, as Directus offers it.
type ExternalProvider struct {
	// Name stands in addresses, Label on the button. Icon is the name of one.
	Name, Label, Icon string
	// SAML and other drivers are told apart for the log only.
	Driver string
}

// DefaultProvider is the Account.Provider of users whose password Directus has.
const DefaultProvider = "default"
