package config

import "gatehouse/cmd/gatehouse/addresses"

// peopleSettings are those of registration, passwords and accounts.
func peopleSettings() []setting[Config] {
	return []setting[Config]{
		{
			key: "registration.mode", fallback: RegistrationAuto, doc: "Who may register. auto: as the settings of Directus say (public registration). service_token: anybody, by directus.write_token, with the role of registration.role. off: nobody.",
			value: func(c *Config) value {
				return choice(&c.Registration.Mode, RegistrationAuto, RegistrationByToken, RegistrationOff)
			},
		},
		{
			key: "registration.role", doc: "Id of the role that registration.mode: service_token gives to new users. In the other modes Directus has a setting for it.",
			value: func(c *Config) value { return text(&c.Registration.Role) },
		},
		{
			key: writeTokenKey, secret: true, doc: "Static token that may create and change users, from gatehouse setup --write-token. It equals an administrator's power over Directus, so leave it out unless you need it: for registration.mode: service_token, or for people to edit their profile on Directus 12 without a licence.",
			value: func(c *Config) value { return text(&c.Directus.WriteToken) },
		},
		{
			key: "directus.password_policy", fallback: "none", doc: "auth_password_policy of Directus: none, weak, strong (as the Studio calls them), or the pattern as it is written there. Checked before Directus is asked, which checks new addresses only and would so tell them from known ones.",
			value: func(c *Config) value { return text(&c.Directus.PasswordPolicy) },
		},
		{
			key: emailFilterKey, fallback: addresses.None, doc: "public_registration_email_filter of Directus: none, or its JSON between single quotes. With it the registration page says at the field that an address cannot register. What is not known here is left to Directus, which has the last word.",
			value: func(c *Config) value { return text(&c.Directus.EmailFilter) },
		},
		{
			key: "directus.enforce_tfa", doc: "Names of the policies of Directus that ask for one-time passwords (enforce_tfa; the roles in Directus 10). A note that lets gatehouse doctor --administrator tell when they change: what a person has to do is asked of Directus at every sign-in.",
			value: func(c *Config) value { return texts(&c.Directus.EnforceTFA) },
		},
		{
			key: "directus.pictures", fallback: PicturesOff, doc: "on: the claim picture is an address below the issuer at which the avatar of the user is shown, as WebP. gatehouse setup then lets the service token read directus_files: every file, where Directus 12 has no licence.",
			value: func(c *Config) value { return choice(&c.Directus.Pictures, PicturesOff, PicturesOn) },
		},
		{
			key: publicURLKey, doc: "Where browsers find Directus (its PUBLIC_URL). Needed for external sign-in.",
			value: func(c *Config) value { return text(&c.Directus.PublicURL) },
		},
		{
			key: externalKey, fallback: "false", doc: "Offer the providers that Directus itself signs people in with (its AUTH_PROVIDERS). Directus and the issuer must share a parent domain.",
			value: func(c *Config) value { return yesNo(&c.Directus.ExternalSignIn) },
		},
		{
			key: cookieDomainKey, doc: "REFRESH_TOKEN_COOKIE_DOMAIN and SESSION_COOKIE_DOMAIN of Directus, such as example.com: a domain above the hosts of Directus and of the issuer. Empty where the two have one host.",
			value: func(c *Config) value { return text(&c.Directus.CookieDomain) },
		},
	}
}
