package config_test

import (
	"path/filepath"
	"testing"

	"gatehouse/cmd/gatehouse/config"
)

func TestExternalSignInFits(t *testing.T) {
	for name, test := range map[string]struct {
		file      string
		publicURL string
		domain    string
	}{
		"siblings":              {remote + bolt, "https://directus.example.com", "example.com"},
		"siblings, with a dot":  {remote + bolt, "https://directus.example.com/cms", ".example.com"},
		"parent and child":      {remote + bolt, "https://example.com", "example.com"},
		"a domain further down": {"issuer: https://id.eu.example.com\ndirectus: {url: http://directus, token: t}\n" + bolt, "https://cms.eu.example.com", "eu.example.com"},
		"one host, two ports":   {minimal, "http://localhost:8055", ""},
		"one host, https":       {remote + bolt, "https://id.example.com:8443", ""},
	} {
		t.Run(name, func(t *testing.T) {
			loaded, _, err := load(t, test.file, environment(external(test.publicURL, test.domain)...))
			if err != nil {
				t.Fatal(err)
			}
			if !loaded.Directus.ExternalSignIn {
				t.Error("external sign-in is off")
			}
		})
	}
}

func TestPeopleDefaults(t *testing.T) {
	loaded, _, err := load(t, minimal, nil)
	if err != nil {
		t.Fatal(err)
	}
	if loaded.Registration.Mode != config.RegistrationAuto || loaded.Directus.PasswordPolicy != "none" ||
		loaded.Directus.EmailVerified != config.EmailVerifiedByEvidence || loaded.Directus.ExternalSignIn {
		t.Errorf("got %+v, %+v", loaded.Registration, loaded.Directus)
	}
	if loaded.Theme != (config.Theme{}) {
		t.Errorf("the look is not left to the Directus project: %+v", loaded.Theme)
	}
}

func TestRegistrationByToken(t *testing.T) {
	file := minimal + "registration: {mode: service_token, role: 0b2c3d4e-0000-4000-8000-00000000000c}\n"
	loaded, _, err := load(t, file, func(o *config.Options) {
		folder := filepath.Dir(o.Path)
		write(t, filepath.Join(folder, "write-token"), "writes\n")
		o.Environment = append(o.Environment, "GATEHOUSE_DIRECTUS_WRITE_TOKEN_FILE=%DIR%/write-token")
	})
	if err != nil {
		t.Fatal(err)
	}
	if loaded.Directus.WriteToken.Reveal() != "writes" {
		t.Error("the write token was not read from its file")
	}
}

// Setup runs before there are tokens.
func TestRegistrationBeforeThereIsAToken(t *testing.T) {
	file := minimal + "registration: {mode: service_token, role: 0b2c3d4e-0000-4000-8000-00000000000c}\n"
	loaded, folder, err := load(t, file, func(o *config.Options) {
		o.WithoutToken = true
		o.Environment = append(o.Environment, "GATEHOUSE_DIRECTUS_WRITE_TOKEN_FILE=%DIR%/not-there-yet")
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(folder, "not-there-yet"); loaded.Directus.WriteTokenFile != want {
		t.Errorf("got %q, want %q", loaded.Directus.WriteTokenFile, want)
	}
}
