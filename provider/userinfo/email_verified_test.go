package userinfo_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"gatehouse/provider/account"
	"gatehouse/provider/claims"
	"gatehouse/provider/oauth"
	"gatehouse/provider/providertest"
	"gatehouse/storage"
	"gatehouse/storage/directus/directustest"
)

// prove records that a person proved an address through us.
func prove(t *testing.T, s *providertest.Server, subject, email string) {
	t.Helper()
	err := s.Store.VerifiedEmails.Put(t.Context(), subject, storage.NewVerifiedEmail(email, s.Clock.Now()), storage.NoExpiry)
	if err != nil {
		t.Fatal(err)
	}
}

func TestEmailVerifiedByEvidence(t *testing.T) {
	mapped := claims.DefaultMapping()
	mapped["email_verified"] = "email_ok"
	elsewhere := claims.DefaultMapping()
	elsewhere["email"] = "contact"
	for _, test := range []struct {
		name    string
		options providertest.Options
		// proven is the address that there is evidence for.
		proven string
		// renamed is the address that the user has since.
		renamed string
		want    bool
	}{
		{"no evidence", providertest.Options{}, "", "", false},
		{"evidence", providertest.Options{}, ada, "", true},
		{"evidence in another case", providertest.Options{}, "ADA@Example.com", "", true},
		{"evidence for another address", providertest.Options{}, "eve@example.com", "", false},
		{"evidence for an address that looks alike", providertest.Options{}, "ａda@example.com", "", false},
		{"the address was changed since", providertest.Options{}, ada, "eve@example.com", false},
		{"always", providertest.Options{EmailVerified: claims.VerifiedAlways}, "", "", true},
		{"never, in spite of evidence", providertest.Options{EmailVerified: claims.VerifiedNever}, ada, "", false},
		{"a mapped field beats evidence", providertest.Options{Mapping: mapped}, ada, "", false},
		{"a mapped field beats always", providertest.Options{Mapping: mapped, EmailVerified: claims.VerifiedAlways}, "", "", false},
		{"the address of another column was not proven", providertest.Options{Mapping: elsewhere}, ada, "", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.options.Clients = []storage.Client{{
				ID: "tokens", SecretDigests: providertest.Digests(providertest.WebSecret), FirstParty: true, IDTokenScopeClaims: true,
				RedirectURIs: []string{providertest.WebRedirectURI}, GrantTypes: []string{"authorization_code", "refresh_token"},
			}}
			test.options.EndOn = []account.Cause{} // a change of the address ends nothing here
			s := providertest.New(t, test.options)
			id := s.Directus.AddUser(directustest.User{
				Email: ada, Password: providertest.Password, Fields: map[string]any{"email_ok": false, "contact": "office@example.com"},
			})
			if test.proven != "" {
				prove(t, s, id, test.proven)
			}
			rp := s.RelyingParty(t, "tokens", providertest.WebSecret, providertest.WebRedirectURI)
			answer := rp.Exchange(s.NewBrowser(t).SignIn(rp, ada, nil)).WantOK(t)
			if test.renamed != "" {
				s.Directus.Update(id, func(u *directustest.User) { u.Email = test.renamed })
				s.Clock.Advance(2 * providertest.Staleness)
				answer = rp.Refresh(answer.Text("refresh_token")).WantOK(t)
			}
			info := s.UserInfo(t, answer.Text("access_token")).WantOK(t)
			if got := info.JSON["email_verified"]; got != test.want {
				t.Errorf("userinfo says email_verified %v of %v, want %v", got, info.JSON["email"], test.want)
			}
			if got := s.Verify(t, answer.Text("id_token")).Claims["email_verified"]; test.want && got != true || !test.want && got == true {
				t.Errorf("the ID token says email_verified %v, want %v", got, test.want)
			}
		})
	}
}

// withoutEvidence is a store that cannot read one table.
type withoutEvidence struct{ storage.Backend }

func (b withoutEvidence) Get(ctx context.Context, keys ...string) ([][]byte, error) {
	for _, key := range keys {
		if strings.HasPrefix(key, "verified_email:") {
			return nil, errors.New("no evidence today")
		}
	}
	return b.Backend.Get(ctx, keys...)
}

// Evidence is looked at where something is said of it, and nothing is said
// where it cannot be.
func TestEvidenceIsReadOnlyIfReleased(t *testing.T) {
	options := func(mode claims.EmailVerified) providertest.Options {
		return providertest.Options{EmailVerified: mode, Backend: func(b storage.Backend) storage.Backend { return withoutEvidence{b} }}
	}
	s := providertest.New(t, options(claims.VerifiedByEvidence))
	s.AddUser(ada)
	s.UserInfo(t, tokens(t, s, map[string]string{"scope": "openid profile"}).Text("access_token")).WantOK(t)
	s.UserInfo(t, tokens(t, s, map[string]string{"scope": "openid email"}).Text("access_token")).
		WantError(t, http.StatusInternalServerError, oauth.ServerError)
	always := providertest.New(t, options(claims.VerifiedAlways))
	always.AddUser(ada)
	always.UserInfo(t, tokens(t, always, map[string]string{"scope": "openid email"}).Text("access_token")).WantOK(t)
}

func TestEmailVerifiedModes(t *testing.T) {
	if _, err := claims.New(claims.Config{EmailVerified: "sometimes"}); err == nil {
		t.Error("a mode that does not exist was taken")
	}
	if (storage.VerifiedEmail{}).Proves("") || storage.NewVerifiedEmail("", time.Now()).Proves("") {
		t.Error("there is evidence for no address at all")
	}
}
