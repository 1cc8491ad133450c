package clients

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"gatehouse/storage"
)

// Columns of a row that are no metadata of the client.
const (
	columnID     = "client_id"
	columnStatus = "status"
	columnMade   = "date_created"

	columnSecret         = "client_secret_sha256"         //nolint:gosec // a name
	columnSecretEnds     = "client_secret_expires_at"     //nolint:gosec // a name
	columnOldSecret      = "old_client_secret_sha256"     //nolint:gosec // a name
	columnOldSecretsEnds = "old_client_secret_expires_at" //nolint:gosec // a name
)

// What status may be.
const (
	statusActive = "active"
	statusOff    = "off"
)

// column is one column of a row: a piece of metadata, named as in RFC 7591.
type column struct {
	name string
	// read puts the value into the client, or says what it should have been.
	read func(raw json.RawMessage, client *storage.Client) error
}

// columns is all metadata that a row may have. What is not among them, the
// configuration alone decides: what is skipped for the client, whose tokens it may
// see or trade, what its own look like, and who may use it.
func columns() []column {
	type client = storage.Client
	return []column{
		textColumn("client_name", func(c *client) *string { return &c.Name }),
		listColumn("redirect_uris", func(c *client) *[]string { return &c.RedirectURIs }),
		listColumn("post_logout_redirect_uris", func(c *client) *[]string { return &c.PostLogoutRedirectURIs }),
		listColumn("grant_types", func(c *client) *[]string { return &c.GrantTypes }),
		listColumn("response_types", func(c *client) *[]string { return &c.ResponseTypes }),
		textColumn("application_type", func(c *client) *string { return &c.ApplicationType }),
		textColumn("token_endpoint_auth_method", func(c *client) *string { return &c.TokenEndpointAuthMethod }),
		textColumn("token_endpoint_auth_signing_alg", func(c *client) *string { return &c.TokenEndpointAuthSigningAlg }),
		{"jwks", readKeySet},
		textColumn("jwks_uri", func(c *client) *string { return &c.JWKSURI }),
		textColumn("scope", func(c *client) *string { return &c.Scope }),
		textColumn("subject_type", func(c *client) *string { return &c.SubjectType }),
		textColumn("sector_identifier_uri", func(c *client) *string { return &c.SectorIdentifierURI }),
		textColumn("id_token_signed_response_alg", func(c *client) *string { return &c.IDTokenSignedResponseAlg }),
		textColumn("id_token_encrypted_response_alg", func(c *client) *string { return &c.IDTokenEncryptedResponseAlg }),
		textColumn("id_token_encrypted_response_enc", func(c *client) *string { return &c.IDTokenEncryptedResponseEnc }),
		textColumn("userinfo_signed_response_alg", func(c *client) *string { return &c.UserInfoSignedResponseAlg }),
		textColumn("userinfo_encrypted_response_alg", func(c *client) *string { return &c.UserInfoEncryptedResponseAlg }),
		textColumn("userinfo_encrypted_response_enc", func(c *client) *string { return &c.UserInfoEncryptedResponseEnc }),
		textColumn("request_object_signing_alg", func(c *client) *string { return &c.RequestObjectSigningAlg }),
		textColumn("request_object_encryption_alg", func(c *client) *string { return &c.RequestObjectEncryptionAlg }),
		textColumn("request_object_encryption_enc", func(c *client) *string { return &c.RequestObjectEncryptionEnc }),
		listColumn("request_uris", func(c *client) *[]string { return &c.RequestURIs }),
		{"default_max_age", readSeconds},
		flagColumn("require_auth_time", func(c *client) *bool { return &c.RequireAuthTime }),
		listColumn("default_acr_values", func(c *client) *[]string { return &c.DefaultACRValues }),
		textColumn("client_uri", func(c *client) *string { return &c.ClientURI }),
		textColumn("logo_uri", func(c *client) *string { return &c.LogoURI }),
		textColumn("policy_uri", func(c *client) *string { return &c.PolicyURI }),
		textColumn("tos_uri", func(c *client) *string { return &c.TermsOfServiceURI }),
		textColumn("initiate_login_uri", func(c *client) *string { return &c.InitiateLoginURI }),
		listColumn("contacts", func(c *client) *[]string { return &c.Contacts }),
		textColumn("frontchannel_logout_uri", func(c *client) *string { return &c.FrontChannelLogoutURI }),
		flagColumn("frontchannel_logout_session_required", func(c *client) *bool { return &c.FrontChannelLogoutSessionRequired }),
		textColumn("backchannel_logout_uri", func(c *client) *string { return &c.BackChannelLogoutURI }),
		flagColumn("backchannel_logout_session_required", func(c *client) *bool { return &c.BackChannelLogoutSessionRequired }),
		textColumn("software_id", func(c *client) *string { return &c.SoftwareID }),
		textColumn("software_version", func(c *client) *string { return &c.SoftwareVersion }),
	}
}

// Columns lists the columns that a row has, for whoever makes the collection.
func Columns() []string {
	names := []string{columnID, columnStatus, columnSecret, columnSecretEnds, columnOldSecret, columnOldSecretsEnds}
	for _, c := range columns() {
		names = append(names, c.name)
	}
	return names
}

// privileged are the settings that no row may have. A column of that name, which
// somebody added by hand, would be taken to work.
func privileged() []string {
	return []string{
		"client_secret", "security_profile", "first_party", "trusted", "introspects", "directus_exchange", "allow", "scope_roles",
		"access_token_format", "access_token_signing_alg", "audience", "id_token_scope_claims", "refresh_token_rotation",
		"registered", "skip_consent",
	}
}

// empty says that a value was left out: people clear a field to the one or the
// other.
func empty(raw json.RawMessage) bool {
	text := string(bytes.TrimSpace(raw))
	return text == "" || text == "null" || text == `""` || text == "[]"
}

func textColumn(name string, of func(*storage.Client) *string) column {
	return column{name, func(raw json.RawMessage, client *storage.Client) error {
		return readInto(raw, of(client), "must be text")
	}}
}

func readInto[T any](raw json.RawMessage, into *T, problem string) error {
	var value *T
	if json.Unmarshal(raw, &value) != nil || value == nil {
		return errors.New(problem)
	}
	*into = *value
	return nil
}

// unwrapped is a value of JSON that a database without such a type keeps as text.
func unwrapped(raw json.RawMessage) json.RawMessage {
	var text string
	if json.Unmarshal(raw, &text) == nil && json.Valid([]byte(text)) {
		return json.RawMessage(text)
	}
	return raw
}

func listColumn(name string, of func(*storage.Client) *[]string) column {
	return column{name, func(raw json.RawMessage, client *storage.Client) error {
		var values []*string
		if json.Unmarshal(unwrapped(raw), &values) != nil || slices.Contains(values, nil) {
			return errors.New("must be a list of texts")
		}
		var list []string
		for _, value := range values {
			list = append(list, *value)
		}
		*of(client) = list
		return nil
	}}
}

// flagColumn: some databases say 1 and 0.
func flagColumn(name string, of func(*storage.Client) *bool) column {
	return column{name, func(raw json.RawMessage, client *storage.Client) error {
		switch string(raw) {
		case "true", "1":
			*of(client) = true
		case "false", "0":
			*of(client) = false
		default:
			return errors.New("must be true or false")
		}
		return nil
	}}
}

func readSeconds(raw json.RawMessage, client *storage.Client) error {
	var seconds int
	if err := readInto(raw, &seconds, "must be a whole number of seconds"); err != nil {
		return err
	}
	client.DefaultMaxAge = &seconds
	return nil
}

func readKeySet(raw json.RawMessage, client *storage.Client) error {
	client.JWKS = unwrapped(raw)
	return nil
}

// readDigest never repeats what stands there: somebody may have pasted a secret.
func readDigest(raw json.RawMessage) ([]byte, error) {
	var text string
	if json.Unmarshal(raw, &text) != nil || len(text) != 64 {
		return nil, errNoDigest
	}
	digest, err := hex.DecodeString(text)
	if err != nil {
		return nil, errNoDigest
	}
	return digest, nil
}

var errNoDigest = errors.New("is not the SHA-256 digest of a secret, which is 64 hexadecimal digits; make both with: gatehouse client secret")

func readMoment(raw json.RawMessage) (time.Time, error) {
	var moment time.Time
	if json.Unmarshal(raw, &moment) != nil || moment.IsZero() {
		return time.Time{}, errors.New("is not a moment with its time zone")
	}
	return moment, nil
}
