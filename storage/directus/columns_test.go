package directus_test

import (
	"strings"
	"testing"
	"time"

	"gatehouse/provider/claims"
	"gatehouse/storage/directus"
)

// The claim mapping refuses columns that hold secrets early, with the claim's
// name; this package is what keeps them from ever being read. Both must refuse
// the same.
func TestSecretColumnsAreThoseOfTheClaims(t *testing.T) {
	t.Parallel()
	// All columns of directus_users in the versions that we support.
	userColumns := strings.Fields(`id first_name last_name email password location title description tags avatar
		language tfa_secret status role token last_access last_page provider external_identifier auth_data
		email_notifications appearance theme_dark theme_light theme_light_overrides theme_dark_overrides
		text_direction theme policies enforce_tfa`)
	for _, column := range append(userColumns, directus.SecretColumns()...) {
		_, directusErr := directus.New(directus.Config{
			BaseURL: "https://example.com", ServiceToken: "x", Now: time.Now, Random: strings.NewReader(""), Fields: []string{column},
		})
		_, claimsErr := claims.New(claims.Config{Mapping: claims.Mapping{"nickname": column}})
		if (directusErr == nil) != (claimsErr == nil) {
			t.Errorf("%s: storage/directus says %v, provider/claims %v", column, directusErr, claimsErr)
		}
	}
}

func TestSecretColumnsAreRefusedByEveryPath(t *testing.T) {
	t.Parallel()
	for _, secret := range directus.SecretColumns() {
		for _, column := range []string{secret, "manager." + secret, secret + ".x"} {
			_, err := directus.New(directus.Config{
				BaseURL: "https://example.com", ServiceToken: "x", Now: time.Now, Random: strings.NewReader(""), Fields: []string{column},
			})
			if err == nil {
				t.Errorf("%s was accepted", column)
			}
		}
	}
}
