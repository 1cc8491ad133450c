package provider_test

import (
	"context"
	"net/http"
	"testing"

	goidc "github.com/coreos/go-oidc/v3/oidc"
	"github.com/zitadel/oidc/v3/pkg/client/rp"
	oidc "github.com/zitadel/oidc/v3/pkg/oidc"
	"golang.org/x/oauth2"

	"gatehouse/provider/providertest"
)

// clientsOfOthers are the kinds of client that a library is tried as.
func clientsOfOthers() []struct{ name, id, secret, redirectURI string } {
	return []struct{ name, id, secret, redirectURI string }{
		{"confidential", providertest.WebID, providertest.WebSecret, providertest.WebRedirectURI},
		{"public", providertest.SPAID, "", providertest.SPARedirectURI},
	}
}

func TestCoreosGoOIDC(t *testing.T) {
	for _, client := range clientsOfOthers() {
		t.Run(client.name, func(t *testing.T) {
			s := start(t, providertest.Options{IssuerPath: "/auth"})
			ctx := t.Context()
			found, err := goidc.NewProvider(ctx, s.Issuer)
			if err != nil {
				t.Fatal(err)
			}
			config := oauth2.Config{
				ClientID: client.id, ClientSecret: client.secret, RedirectURL: client.redirectURI, Endpoint: found.Endpoint(),
				Scopes: []string{goidc.ScopeOpenID, "profile", "email"},
			}
			verifier := oauth2.GenerateVerifier()
			browser := s.NewBrowser(t)
			page := browser.Through(browser.Get(config.AuthCodeURL("state", oauth2.S256ChallengeOption(verifier), goidc.Nonce("nonce"))), ada)
			if page.Sent(t).Get("state") != "state" {
				t.Errorf("state %q", page.Sent(t).Get("state"))
			}
			tokens, err := config.Exchange(ctx, page.Code(t), oauth2.VerifierOption(verifier))
			if err != nil {
				t.Fatal(err)
			}
			raw, _ := tokens.Extra("id_token").(string)
			idToken, err := found.Verifier(&goidc.Config{ClientID: client.id, Now: s.Clock.Now}).Verify(ctx, raw)
			if err != nil {
				t.Fatal(err)
			}
			if err := idToken.VerifyAccessToken(tokens.AccessToken); err != nil || idToken.Nonce != "nonce" {
				t.Errorf("at_hash: %v, nonce %q", err, idToken.Nonce)
			}
			info, err := found.UserInfo(ctx, config.TokenSource(ctx, tokens))
			if err != nil || info.Email != ada || info.EmailVerified || info.Subject != idToken.Subject {
				t.Errorf("userinfo %+v: %v", info, err)
			}
			again, err := config.TokenSource(ctx, &oauth2.Token{RefreshToken: tokens.RefreshToken}).Token()
			if err != nil || again.RefreshToken == tokens.RefreshToken || again.AccessToken == tokens.AccessToken {
				t.Errorf("refresh %v: %v", again, err)
			}
			if _, err := config.Exchange(ctx, page.Code(t), oauth2.VerifierOption(verifier)); err == nil {
				t.Error("a code served twice")
			}
		})
	}
}

// OpenID Connect Core 1.0, section 3.3.2.9: what a hybrid answer says of itself.
func TestCoreosGoOIDCHybrid(t *testing.T) {
	s := start(t, providertest.Options{})
	ctx := t.Context()
	found, err := goidc.NewProvider(ctx, s.Issuer)
	if err != nil {
		t.Fatal(err)
	}
	party, browser := s.Hybrid(t, "code id_token token"), s.NewBrowser(t)
	verifier := found.Verifier(&goidc.Config{ClientID: party.ID, Now: s.Clock.Now})
	sent := browser.Through(browser.Get(party.AuthorizationURL(nil)), ada).Sent(t)
	front, err := verifier.Verify(ctx, sent.Get("id_token"))
	if err != nil {
		t.Fatal(err)
	}
	if err := front.VerifyAccessToken(sent.Get("access_token")); err != nil || front.Nonce != "nonce-hybrid" {
		t.Errorf("at_hash: %v, nonce %q", err, front.Nonce)
	}
	var hashes struct {
		Code string `json:"c_hash"`
	}
	if err := front.Claims(&hashes); err != nil || hashes.Code != providertest.HalfHash(sent.Get("code")) {
		t.Errorf("c_hash %q: %v", hashes.Code, err)
	}
	back, err := verifier.Verify(ctx, party.Exchange(sent.Get("code")).WantOK(t).Text("id_token"))
	if err != nil || back.Subject != front.Subject || back.Nonce != front.Nonce {
		t.Errorf("the ID token of the code is %+v: %v", back, err)
	}
	info, err := found.UserInfo(ctx, oauth2.StaticTokenSource(&oauth2.Token{AccessToken: sent.Get("access_token"), TokenType: sent.Get("token_type")}))
	if err != nil || info.Subject != front.Subject {
		t.Errorf("userinfo %+v: %v", info, err)
	}
}

func TestZitadelRelyingParty(t *testing.T) {
	for _, client := range clientsOfOthers() {
		t.Run(client.name, func(t *testing.T) {
			s := start(t, providertest.Options{})
			ctx := t.Context()
			party, err := rp.NewRelyingPartyOIDC(ctx, s.Issuer, client.id, client.secret, client.redirectURI,
				[]string{oidc.ScopeOpenID, oidc.ScopeProfile, oidc.ScopeEmail}, rp.WithHTTPClient(http.DefaultClient))
			if err != nil {
				t.Fatal(err)
			}
			verifier := oauth2.GenerateVerifier()
			browser := s.NewBrowser(t)
			page := browser.Through(browser.Get(rp.AuthURL("state", party, rp.WithCodeChallenge(oidc.NewSHACodeChallenge(verifier)))), ada)
			tokens, err := rp.CodeExchange[*oidc.IDTokenClaims](ctx, page.Code(t), party, rp.WithCodeVerifier(verifier))
			if err != nil {
				t.Fatal(err)
			}
			info, err := rp.Userinfo[*oidc.UserInfo](ctx, tokens.AccessToken, tokens.TokenType, tokens.IDTokenClaims.Subject, party)
			if err != nil || info.Email != ada {
				t.Errorf("userinfo %+v: %v", info, err)
			}
			again, err := rp.RefreshTokens[*oidc.IDTokenClaims](ctx, party, tokens.RefreshToken, "", "")
			if err != nil || again.RefreshToken == tokens.RefreshToken || again.IDTokenClaims.Subject != tokens.IDTokenClaims.Subject {
				t.Errorf("refresh %v: %v", again, err)
			}
			if err := rp.RevokeToken(ctx, party, again.RefreshToken, "refresh_token"); err != nil {
				t.Errorf("revoke: %v", err)
			}
			if _, err := rp.RefreshTokens[*oidc.IDTokenClaims](context.WithoutCancel(ctx), party, again.RefreshToken, "", ""); err == nil {
				t.Error("a revoked refresh token served")
			}
		})
	}
}
