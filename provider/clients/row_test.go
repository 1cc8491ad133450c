package clients_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"gatehouse/provider/clients"
	"gatehouse/storage"
)

// aDigest is that of a secret of 256 random bits.
const aDigest = "7d3f0d2a1f0f8a4be4de8b54f9d0bd1b0d5d1c2b3a49586776859483a2b1c0df"

// wellWritten is a row as Directus tells it.
const wellWritten = `{
	"client_id": "board", "status": "active", "date_created": "2026-01-02T03:04:05.000Z", "date_updated": null,
	"client_name": "Acme Board", "redirect_uris": ["https://board.example/callback"], "post_logout_redirect_uris": null,
	"grant_types": ["authorization_code", "refresh_token"], "response_types": [], "application_type": "",
	"token_endpoint_auth_method": "client_secret_basic", "client_secret_sha256": "` + aDigest + `",
	"require_auth_time": true, "default_max_age": 3600, "contacts": "[\"team@board.example\"]", "jwks": null
}`

func rowOf(t testing.TB, changes map[string]string) storage.ClientRow {
	t.Helper()
	row := storage.ClientRow{}
	if err := json.Unmarshal([]byte(wellWritten), &row.Values); err != nil {
		t.Fatal(err)
	}
	for name, value := range changes {
		row.Values[name] = json.RawMessage(value)
	}
	if err := json.Unmarshal(row.Values["client_id"], &row.ID); err != nil {
		t.Fatal(err)
	}
	return row
}

func nobody(string) string { return "" }

func judge(t testing.TB, changes map[string]string, rights map[string]storage.Client) clients.Row {
	t.Helper()
	return clients.Judge([]storage.ClientRow{rowOf(t, changes)}, rights, rules(), nobody)[0]
}

func TestJudgeTakesAWellWrittenRow(t *testing.T) {
	row := judge(t, nil, nil)
	if !row.Good() {
		t.Fatalf("refused: %v", row.Refused)
	}
	client := row.Client
	if client.ID != "board" || client.Name != "Acme Board" || !client.RequireAuthTime || *client.DefaultMaxAge != 3600 ||
		len(client.SecretDigests) != 1 || !slices.Equal(client.ResponseTypes, []string{"code"}) || !slices.Equal(client.Contacts, []string{"team@board.example"}) {
		t.Errorf("got %+v", client)
	}
	for name, changes := range map[string]map[string]string{
		"numbers for truths":  {"require_auth_time": "1", "frontchannel_logout_session_required": "0"},
		"public":              {"client_secret_sha256": "null", "token_endpoint_auth_method": `"none"`},
		"keys as text":        {"client_secret_sha256": "null", "token_endpoint_auth_method": `"private_key_jwt"`, "jwks": quoted(publicJWKS)},
		"keys":                {"client_secret_sha256": "null", "token_endpoint_auth_method": `"private_key_jwt"`, "jwks": publicJWKS},
		"two secrets":         {"old_client_secret_sha256": `"` + strings.Repeat("ab", 32) + `"`, "old_client_secret_expires_at": `"2026-02-01T00:00:00.000Z"`},
		"a secret that ends":  {"client_secret_expires_at": `"2027-01-01T00:00:00Z"`},
		"unknown columns":     {"department": `"sales"`, "sort": "3"},
		"privilege not taken": {"first_party": "false", "trusted": "null", "introspects": "[]"},
	} {
		if row := judge(t, changes, nil); !row.Good() {
			t.Errorf("%s: refused: %v", name, row.Refused)
		}
	}
}

func quoted(text string) string {
	raw, _ := json.Marshal(text)
	return string(raw)
}

func TestJudgeRefuses(t *testing.T) {
	const secret = "mZ9hS3cretThatSomebodyPastedHere0123456789abcdef0123456789abcdef"
	for name, test := range map[string]struct {
		changes map[string]string
		field   string
		words   string
	}{
		"no status":                  {map[string]string{"status": "null"}, "status", "must be active or off"},
		"unknown status":             {map[string]string{"status": `"draft"`}, "status", "must be active or off"},
		"text for a list":            {map[string]string{"redirect_uris": `"https://board.example/callback"`}, "redirect_uris", "must be a list of texts"},
		"list of other things":       {map[string]string{"redirect_uris": `[{"uri":"https://a.example"}]`}, "redirect_uris", "must be a list of texts"},
		"nothing in a list":          {map[string]string{"redirect_uris": `[null]`}, "redirect_uris", "must be a list of texts"},
		"list for a text":            {map[string]string{"client_name": `["a"]`}, "client_name", "must be text"},
		"text for a truth":           {map[string]string{"require_auth_time": `"yes"`}, "require_auth_time", "must be true or false"},
		"half a second":              {map[string]string{"default_max_age": `1.5`}, "default_max_age", "must be a whole number of seconds"},
		"no redirect URI":            {map[string]string{"redirect_uris": "null"}, "redirect_uris", "is empty"},
		"redirect URI with fragment": {map[string]string{"redirect_uris": `["https://board.example/#a"]`}, "redirect_uris", "fragment"},
		"script behind a link":       {map[string]string{"client_uri": `"javascript:alert(1)"`}, "client_uri", "http"},
		"a secret":                   {map[string]string{"client_secret_sha256": quoted(secret)}, "client_secret_sha256", "is not the SHA-256 digest of a secret"},
		"a short digest":             {map[string]string{"client_secret_sha256": `"abcd"`}, "client_secret_sha256", "64 hexadecimal digits"},
		"digest of nothing":          {map[string]string{"client_secret_sha256": `"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"`}, "client_secret_sha256", "that anybody knows"},
		"no secret":                  {map[string]string{"client_secret_sha256": "null"}, "client_secret_sha256", "is missing; make a secret with: gatehouse client secret"},
		"secret of a public client":  {map[string]string{"token_endpoint_auth_method": `"none"`}, "client_secret_sha256", "a public client has none"},
		"client_secret_jwt":          {map[string]string{"token_endpoint_auth_method": `"client_secret_jwt"`}, "token_endpoint_auth_method", "client_secret_jwt needs the secret itself"},
		"old secret without end":     {map[string]string{"old_client_secret_sha256": `"` + aDigest + `"`}, "old_client_secret_expires_at", "a secret that was replaced must end"},
		"moment without zone":        {map[string]string{"client_secret_expires_at": `"2027-01-01T00:00:00"`}, "client_secret_expires_at", "is not a moment with its time zone"},
		"private key":                {map[string]string{"client_secret_sha256": "null", "token_endpoint_auth_method": `"private_key_jwt"`, "jwks": privateJWKS}, "jwks", "a private key must never leave the client"},
		"no key set":                 {map[string]string{"jwks": `"not JSON"`}, "jwks", "is not a JSON Web Key Set"},
		"unknown grant type":         {map[string]string{"grant_types": `["password"]`}, "grant_types", "is not supported"},
		"first party":                {map[string]string{"first_party": "true"}, "first_party", "is for the configuration alone"},
		"first party as a number":    {map[string]string{"first_party": "1"}, "first_party", "is for the configuration alone"},
		"trusted":                    {map[string]string{"trusted": "true"}, "trusted", "is for the configuration alone"},
		"security profile":           {map[string]string{"security_profile": `"oidc"`}, "security_profile", "is for the configuration alone"},
		"others' tokens":             {map[string]string{"introspects": `["*"]`}, "introspects", "is for the configuration alone"},
		"exchange":                   {map[string]string{"directus_exchange": `"administrators"`}, "directus_exchange", "is for the configuration alone"},
		"audience":                   {map[string]string{"audience": `["https://api.example"]`}, "audience", "is for the configuration alone"},
		"allow":                      {map[string]string{"allow": `{"roles":[]}`}, "allow", "is for the configuration alone"},
		"secret in clear":            {map[string]string{"client_secret": quoted(secret)}, "client_secret", "make another with gatehouse client secret"},
	} {
		t.Run(name, func(t *testing.T) {
			row := judge(t, test.changes, nil)
			if row.Good() {
				t.Fatal("was taken")
			}
			faults := clients.Fields(row.Refused)
			at := slices.IndexFunc(faults, func(fault *clients.FieldError) bool {
				return fault.Field == test.field && strings.Contains(fault.Problem, test.words)
			})
			if at < 0 {
				t.Errorf("got %v, want %s %q", row.Refused, test.field, test.words)
			}
			if text := row.Refused.Error() + clients.Words(row.Refused); strings.Contains(text, secret) {
				t.Errorf("the secret is repeated: %s", text)
			}
		})
	}
}

func TestJudgeLeavesRowsAloneThatAreOff(t *testing.T) {
	row := judge(t, map[string]string{"status": `"off"`, "redirect_uris": `"half written"`}, nil)
	if row.Active || row.Good() || row.Refused != nil {
		t.Errorf("got active %t, refused %v", row.Active, row.Refused)
	}
}

func TestJudgeRefusesARowThatIsTooLarge(t *testing.T) {
	row := clients.Judge([]storage.ClientRow{{ID: "large", TooLarge: true}}, nil, rules(), nobody)[0]
	if row.Good() || !strings.Contains(clients.Words(row.Refused), "larger than any client") {
		t.Errorf("got %v", row.Refused)
	}
}

func TestJudgeRefusesAnIDOfAnotherSource(t *testing.T) {
	taken := func(id string) string { return clients.TakenBy(id == "board", false) }
	row := clients.Judge([]storage.ClientRow{rowOf(t, nil)}, nil, rules(), taken)[0]
	if row.Good() || !strings.Contains(clients.Words(row.Refused), "client_id is that of a client in the configuration") {
		t.Errorf("got %v", row.Refused)
	}
}

func TestJudgeAddsWhatTheConfigurationAloneDecides(t *testing.T) {
	rights := map[string]storage.Client{"board": {ID: "board", FirstParty: true, Audience: []string{"https://api.example"}}}
	if row := judge(t, nil, rights); !row.Good() || !row.Client.FirstParty || row.Client.Audience[0] != "https://api.example" || row.Client.Name != "Acme Board" {
		t.Errorf("got %+v, refused %v", row.Client, row.Refused)
	}
	// Together they must be as good as if they stood in one place.
	native := map[string]string{"application_type": `"native"`, "token_endpoint_auth_method": `"none"`, "client_secret_sha256": "null"}
	if row := judge(t, native, rights); row.Good() || clients.Fields(row.Refused)[0].Field != "first_party" {
		t.Errorf("first_party of a native public client: refused %v", row.Refused)
	}
}

// TestNoRowReachesWhatTheConfigurationAloneDecides makes whoever adds metadata say
// which of the two it is.
func TestNoRowReachesWhatTheConfigurationAloneDecides(t *testing.T) {
	others := []string{
		"client_secret_digests", // of client_secret_sha256
		"security_profile", "access_token_format", "access_token_signing_alg", "audience", "id_token_scope_claims", "first_party",
		"trusted", "introspects", "directus_exchange", "allow", "scope_roles", "refresh_token_rotation",
		"registered", "registration_access_digest", "created_at", "presented_at",
	}
	rows := clients.Columns()
	fields := reflect.TypeFor[storage.Client]()
	for field := range fields.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if slices.Contains(rows, name) == slices.Contains(others, name) {
			t.Errorf("%s: a column of rows, or for the configuration alone?", name)
		}
	}
}

func FuzzJudge(f *testing.F) {
	f.Add([]byte(wellWritten))
	f.Add([]byte(`{"client_id":"a","status":"active","jwks":"{","redirect_uris":"[","default_max_age":1e99}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		row := storage.ClientRow{ID: "board"}
		if json.Unmarshal(raw, &row.Values) != nil {
			t.Skip()
		}
		judged := clients.Judge([]storage.ClientRow{row}, nil, rules(), nobody)[0]
		if !judged.Good() {
			return
		}
		if err := clients.Validate(judged.Client, rules()); err != nil {
			t.Errorf("a client was taken that is none: %v", err)
		}
		if c := judged.Client; c.FirstParty || c.Trusted || len(c.Introspects) > 0 || c.DirectusExchange != "" || c.SecurityProfile != "" {
			t.Errorf("a row took rights: %+v", c)
		}
	})
}
