package directustest

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // RFC 6238 as Directus uses it
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"strings"
	"time"
)

// OTP is the one-time password (RFC 6238: SHA-1, six digits, 30 seconds) that an
// authenticator shows for a base32 secret at a time.
func OTP(secret string, at time.Time) string {
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.TrimRight(strings.ToUpper(secret), "="))
	if err != nil {
		panic("directustest: OTP secret is not base32")
	}
	var step [8]byte
	binary.BigEndian.PutUint64(step[:], uint64(at.Unix())/30) //nolint:gosec // dates after 1970
	mac := hmac.New(sha1.New, key)
	mac.Write(step[:])
	sum := mac.Sum(nil)
	offset := sum[len(sum)-1] & 0x0f
	value := binary.BigEndian.Uint32(sum[offset:]) & 0x7fffffff
	return fmt.Sprintf("%06d", value%1_000_000)
}
