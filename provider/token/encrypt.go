package token

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	oidc "github.com/zitadel/oidc/v3/pkg/oidc"

	"gatehouse/provider/clientkeys"
	"gatehouse/provider/oauth"
	"gatehouse/storage"
)

// Encrypter encrypts to clients. clientkeys.Keys satisfies it.
type Encrypter interface {
	// Encrypt returns a compact JWE that only the client can read. An error wraps
	// clientkeys.ErrNoKey if the client has no key for the algorithm.
	Encrypt(ctx context.Context, client storage.Client, algorithm, encryption, contentType string, payload []byte) (string, error)
}

// nested is the cty of a JWE that holds a JWS (RFC 7519, section 5.2).
const nested = "JWT"

// CheckEncryption fails if the grant's ID token has to be encrypted and that cannot
// be done now. Asked before a code or refresh token is spent, it spares the client
// either: its key may be back in a moment. That it then fails all the same, because
// the keys changed in between, costs one sign-in.
func (s *Service) CheckEncryption(ctx context.Context, client storage.Client, scopes []string) error {
	if client.IDTokenEncryptedResponseAlg == "" || !slices.Contains(scopes, oidc.ScopeOpenID) {
		return nil
	}
	_, err := s.encryptIDToken(ctx, client, "")
	return err
}

// encryptIDToken encrypts a signed ID token if its client registered that (OpenID
// Connect Core 1.0, section 10.2: signed first).
func (s *Service) encryptIDToken(ctx context.Context, client storage.Client, signed string) (string, error) {
	if client.IDTokenEncryptedResponseAlg == "" {
		return signed, nil
	}
	return s.encrypt(ctx, client, client.IDTokenEncryptedResponseAlg, client.IDTokenEncryptedResponseEnc, nested, []byte(signed))
}

// UserInfoJWT returns what the UserInfo endpoint says as the client registered it,
// or empty where that is plain JSON (OpenID Connect Core 1.0, section 5.3.2). It has
// neither nonce nor expiry: it is no ID token, and none of ours takes it for one.
func (s *Service) UserInfoJWT(ctx context.Context, client storage.Client, claims map[string]any) (string, error) {
	signs, encrypts := client.UserInfoSignedResponseAlg != "", client.UserInfoEncryptedResponseAlg != ""
	if !signs && !encrypts {
		return "", nil
	}
	claims = maps.Clone(claims)
	claims["iss"], claims["aud"] = s.Issuer, client.ID
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("encode userinfo: %w", err)
	}
	contentType := ""
	if signs {
		signed, err := s.Signer.Sign(algorithm(client.UserInfoSignedResponseAlg), userInfoType, payload)
		if err != nil || !encrypts {
			return signed, err
		}
		payload, contentType = []byte(signed), nested
	}
	return s.encrypt(ctx, client, client.UserInfoEncryptedResponseAlg, client.UserInfoEncryptedResponseEnc, contentType, payload)
}

// encrypt tells the client what it can mend. It has been authenticated, so that
// invalid_client would mislead it, and nothing here is broken, as server_error says:
// its registration does not fit its keys, or its key set cannot be read now.
func (s *Service) encrypt(ctx context.Context, client storage.Client, algorithm, encryption, contentType string, payload []byte) (string, error) {
	encrypted, err := s.Encrypter.Encrypt(ctx, client, algorithm, encryption, contentType, payload)
	switch {
	case errors.Is(err, clientkeys.ErrNoKey):
		return "", oauth.NewError(oauth.InvalidClientMetadata, "the client has no key that fits the registered encryption").WithCause(err)
	case err != nil:
		return "", oauth.NewError(oauth.TemporarilyUnavailable, "the keys of the client cannot be read").
			WithCause(err).WithHeader("Retry-After", "5")
	}
	return encrypted, nil
}
