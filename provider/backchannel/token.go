package backchannel

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"
	oidc "github.com/zitadel/oidc/v3/pkg/oidc"

	"gatehouse/keys"
	"gatehouse/storage"
)

const (
	// tokenLifetime is short: the token is made for the request that it goes out
	// with (Back-Channel Logout 1.0, section 2.4).
	tokenLifetime = 2 * time.Minute
	logoutEvent   = "http://schemas.openid.net/event/backchannel-logout"
)

// token makes a logout token (Back-Channel Logout 1.0, section 2.4). It is signed,
// and encrypted, as the ID tokens of the client are, and has no nonce, so that it
// cannot pass for one of them.
func (d *Deliverer) token(ctx context.Context, client storage.Client, delivery storage.LogoutDelivery) (string, error) {
	now := d.Now()
	payload, err := json.Marshal(&oidc.LogoutTokenClaims{
		Issuer: d.Issuer, Subject: d.Subjects.Of(client, delivery.Subject), Audience: oidc.Audience{client.ID},
		IssuedAt: oidc.FromTime(now), Expiration: oidc.FromTime(now.Add(tokenLifetime)), JWTID: delivery.JTI,
		Events: map[string]any{logoutEvent: struct{}{}}, SessionID: delivery.SID,
	})
	if err != nil {
		return "", fmt.Errorf("encode logout token: %w", err)
	}
	algorithm := jose.SignatureAlgorithm(cmp.Or(client.IDTokenSignedResponseAlg, string(jose.RS256)))
	signed, err := d.Signer.Sign(algorithm, keys.TypeLogoutToken, payload)
	if err != nil || client.IDTokenEncryptedResponseAlg == "" {
		return signed, err
	}
	return d.Encrypter.Encrypt(ctx, client, client.IDTokenEncryptedResponseAlg, client.IDTokenEncryptedResponseEnc, "JWT", []byte(signed))
}
