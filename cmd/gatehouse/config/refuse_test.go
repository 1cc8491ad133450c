package config_test

import (
	"strings"
	"testing"

	"gatehouse/cmd/gatehouse/config"
)

const remote = `issuer: https://id.example.com
directus: {url: https://directus.example.com, token: t}
`

const bolt = "store: {bolt: {path: /var/lib/gatehouse/store.db}, sealing_keys: " + key + "}\n"

// external are the variables of external sign-in.
func external(publicURL, cookieDomain string) []string {
	return []string{"GATEHOUSE_DIRECTUS_EXTERNAL_SIGN_IN=true", "GATEHOUSE_DIRECTUS_PUBLIC_URL=" + publicURL, "GATEHOUSE_DIRECTUS_COOKIE_DOMAIN=" + cookieDomain}
}

func TestLoadRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		file      string
		variables []string
		words     string
	}{
		"no issuer":                      {file: "directus: {url: http://localhost, token: t}\n", words: "issuer: is missing; name the address that clients will know this provider by, such as https://id.example.com (or set GATEHOUSE_ISSUER)"},
		"not YAML":                       {file: "a: [\n", words: "is not YAML: line 1"},
		"two documents":                  {file: minimal + "---\nissuer: x\n", words: "more than one document"},
		"a list at the root":             {file: "- issuer\n", words: "gatehouse.yaml:1: is a list; write a mapping"},
		"key twice":                      {file: minimal + "listen: :1\nlisten: :2\n", words: "gatehouse.yaml:4: listen: stands there twice, first in line 3"},
		"no value":                       {file: minimal + "listen:\n", words: "gatehouse.yaml:3: listen: has no value"},
		"mapping for a scalar":           {file: minimal + "listen: {port: 1}\n", words: "listen: is a mapping; write one value"},
		"list for a scalar":              {file: minimal + "listen: [a]\n", words: "listen: is a list; write one value"},
		"scalar for a section":           {file: minimal + "tokens: 10m\n", words: "tokens: is a plain value; write a mapping"},
		"alias":                          {file: minimal + "listen: &a :1\ntheme: {project_name: *a}\n", words: "alias (*a), which is not supported"},
		"merge key":                      {file: minimal + "theme: {<<: {project_name: a}}\n", words: "theme.<<: unknown key"},
		"secret and its file":            {file: "issuer: http://localhost\ndirectus:\n  url: http://localhost\n  token: t\n  token_file: f\n", words: "gatehouse.yaml:5: directus.token_file: excludes directus.token in line 4"},
		"secret and its file variable":   {file: minimal, variables: []string{"GATEHOUSE_DIRECTUS_TOKEN=t", "GATEHOUSE_DIRECTUS_TOKEN_FILE=f"}, words: "GATEHOUSE_DIRECTUS_TOKEN_FILE: directus.token: excludes GATEHOUSE_DIRECTUS_TOKEN"},
		"secret file missing":            {file: minimal, variables: []string{"GATEHOUSE_DIRECTUS_TOKEN_FILE=%DIR%/none"}, words: "none: no such file or directory; make the file readable"},
		"unknown variable":               {file: minimal, variables: []string{"GATEHOUSE_FROBNICATE=1"}, words: "GATEHOUSE_FROBNICATE: unknown variable; unset it"},
		"misspelt setup variable":        {file: minimal, variables: []string{"GATEHOUSE_SETUP_ADMIN_EMIAL=a"}, words: "did you mean GATEHOUSE_SETUP_ADMIN_EMAIL?"},
		"clients variable is no YAML":    {file: minimal, variables: []string{"GATEHOUSE_CLIENTS=[{client_secret: s3cret"}, words: "GATEHOUSE_CLIENTS: clients: is neither YAML nor JSON"},
		"not a number":                   {file: minimal, variables: []string{"GATEHOUSE_DIRECTUS_MAX_CONCURRENT=many"}, words: `GATEHOUSE_DIRECTUS_MAX_CONCURRENT: directus.max_concurrent: "many" does not fit; write a whole number from 1 to 10000`},
		"not a truth":                    {file: minimal, variables: []string{"GATEHOUSE_DIRECTUS_FORWARD_CLIENT_ADDRESS=yes"}, words: `"yes" is neither; write true or false`},
		"not a network":                  {file: minimal + "trusted_proxies: [proxy.example.com]\n", words: `"proxy.example.com" is not a network; write it like`},
		"duration out of range":          {file: minimal + "tokens: {replay_window: 1h}\n", words: "1h does not fit; write a duration from 0s to 5m"},
		"listen without port":            {file: minimal + "listen: localhost\n", words: "is not host:port"},
		"Directus address with user":     {file: "issuer: http://localhost\ndirectus: {url: 'http://u:p@localhost', token: t}\n", words: "directus.url: is not an address of Directus"},
		"too few attempts":               {file: minimal, variables: []string{"GATEHOUSE_DIRECTUS_ATTEMPTS_LIMIT=5"}, words: "raise auth_login_attempts there to at least 9"},
		"no store for a remote issuer":   {file: remote, words: "store: is missing; set store.redis.addresses, or store.bolt.path"},
		"no key for a remote issuer":     {file: remote + "store: {bolt: {path: a}}\n", words: "store.sealing_keys: is missing; make one with: openssl rand -base64 32"},
		"no key for Redis":               {file: minimal + "store: {redis: {addresses: ['localhost:6379']}}\n", words: "store.sealing_keys: is missing; Redis keeps sealed records only"},
		"short sealing key":              {file: minimal, variables: []string{"GATEHOUSE_STORE_SEALING_KEYS=abc"}, words: "key 1 is not 32 bytes in base64 or hex"},
		"two stores":                     {file: minimal + "store: {bolt: {path: a}, redis: {addresses: ['r:1']}, sealing_keys: " + key + "}\n", words: "keep one store"},
		"several servers, no word how":   {file: minimal + "store: {redis: {addresses: ['a:1', 'b:1']}, sealing_keys: " + key + "}\n", words: "add store.redis.master_name (Sentinel) or store.redis.cluster: true"},
		"database of a cluster":          {file: minimal + "store: {redis: {addresses: ['a:1'], cluster: true, database: 2}, sealing_keys: " + key + "}\n", words: "a Cluster has database 0 only"},
		"TLS keys without TLS":           {file: minimal + "store: {redis: {addresses: ['a:1'], tls: {ca_file: a}}, sealing_keys: " + key + "}\n", words: "store.redis.tls.enabled: is false"},
		"half a certificate":             {file: minimal + "tls: {cert_file: a}\n", words: "belong together"},
		"sessions that end before idle":  {file: minimal + "sessions: {idle: 2d}\n", words: "sessions.absolute: 1d is shorter than sessions.idle (2d)"},
		"keys that rotate too often":     {file: minimal + "keys: {rotate_every: 1h}\n", words: "keys.rotate_every: 1h is too short beside keys.jwks_max_age (1h)"},
		"unknown encryption":             {file: minimal + "keys: {encryption_algorithms: [RSA1_5]}\n", words: `keys.encryption_algorithms: "RSA1_5" is not supported`},
		"unknown algorithm":              {file: minimal + "keys: {algorithms: [HS256]}\n", words: `keys.algorithms: "HS256" is not supported`},
		"unknown client registration":    {file: minimal + "client_registration: {mode: yes}\n", words: `gatehouse.yaml:3: client_registration.mode: "yes" is not known; use one of: off, token, open`},
		"no client registrations":        {file: minimal + "client_registration: {mode: open, limit_per_hour: 0}\n", words: `client_registration.limit_per_hour: "0" does not fit`},
		"too many clients":               {file: minimal + "client_registration: {mode: open, max_clients: 1000000}\n", words: `client_registration.max_clients: "1000000" does not fit`},
		"pairwise without secret":        {file: minimal + "clients:\n- {client_id: a, token_endpoint_auth_method: none, redirect_uris: ['https://a.example/cb'], subject_type: pairwise}\n", words: `subject_type: "pairwise" is not supported; use one of: public`},
		"short pairwise secret":          {file: minimal + "pairwise: {secret: s3cret-of-a-few-characters}\n", words: "gatehouse.yaml:3: pairwise.secret: has fewer than 32 bytes; make one with: openssl rand -base64 32"},
		"pairwise without a secret":      {file: minimal + "clients:\n- {client_id: a, token_endpoint_auth_method: none, redirect_uris: ['https://a.example/'], subject_type: pairwise}\n", words: "clients[0].subject_type"},
		"short secret in a file":         {file: minimal + "pairwise: {secret_file: gatehouse.yaml.missing}\n", words: "pairwise.secret"},
		"clients in a system collection": {file: minimal + "clients_collection: directus_users\n", words: `gatehouse.yaml:3: clients_collection: "directus_users" is not the name of a collection of your own`},
		"clients in no collection":       {file: minimal + "clients:\n- {client_id: a, source: directus, first_party: true}\n", words: `client "a" has source: directus, which means nothing without clients_collection`},
		"what a row says":                {file: minimal + "clients_collection: c\nclients:\n- {client_id: a, source: directus, client_name: A}\n", words: "clients[0].client_name: stands in Directus for a client with source: directus"},
		"secret of a row":                {file: minimal + "clients_collection: c\nclients:\n- {client_id: a, source: directus, client_secret: s3cret-of-at-least-32-characters}\n", words: "clients[0].client_secret: stands in Directus"},
		"unknown right of a row":         {file: minimal + "clients_collection: c\nclients:\n- {client_id: a, source: directus, access_token_format: xml}\n", words: `clients[0].access_token_format: "xml" is not supported`},
		"client twice in two sources":    {file: minimal + "clients_collection: c\nclients:\n- {client_id: a, source: directus}\n- {client_id: a, token_endpoint_auth_method: none, redirect_uris: ['https://a.example/cb']}\n", words: `clients[1].client_id: "a" is also the client at`},
		"short flow secret":              {file: minimal, variables: []string{"GATEHOUSE_DIRECTUS_EVENTS_FLOW_SECRET=short"}, words: "directus.events.flow_secret: has fewer than 32 bytes"},
		"unknown cause":                  {file: minimal, variables: []string{"GATEHOUSE_DIRECTUS_END_ON=email,name"}, words: `directus.end_on: "name" is not known`},
		"WebSocket in clear":             {file: minimal, variables: []string{"GATEHOUSE_DIRECTUS_URL=http://directus:8055", "GATEHOUSE_DIRECTUS_EVENTS_WEBSOCKET=on"}, words: "directus.events.websocket: on would send directus.token in clear"},
		"write token missing":            {file: minimal + "registration: {mode: service_token, role: 0b2c3d4e-0000-4000-8000-00000000000c}\n", words: "gatehouse.yaml:3: registration.mode: service_token needs directus.write_token; run gatehouse setup --write-token"},
		"role missing":                   {file: minimal + "registration:\n  mode: service_token\n", variables: []string{"GATEHOUSE_DIRECTUS_WRITE_TOKEN=w"}, words: "gatehouse.yaml:4: registration.mode: service_token needs registration.role"},
		"role by name":                   {file: minimal + "registration: {mode: service_token, role: Customer}\n", words: `registration.role: "Customer" is not the id of a role`},
		"role without use":               {file: minimal + "registration: {role: 0b2c3d4e-0000-4000-8000-00000000000c}\n", words: "registration.role: means nothing while registration.mode is auto"},
		"one token for both":             {file: minimal, variables: []string{"GATEHOUSE_DIRECTUS_WRITE_TOKEN=secret-service-token"}, words: "GATEHOUSE_DIRECTUS_WRITE_TOKEN: directus.write_token: is directus.token too"},
		"unknown way to register":        {file: minimal + "registration: {mode: open}\n", words: "use one of: auto, service_token, off"},
		"password policy with flags":     {file: minimal, variables: []string{"GATEHOUSE_DIRECTUS_PASSWORD_POLICY=/^.{8,}$/i"}, words: `GATEHOUSE_DIRECTUS_PASSWORD_POLICY: directus.password_policy: ends in the flags "i"`},
		"password policy, no pattern":    {file: minimal, variables: []string{"GATEHOUSE_DIRECTUS_PASSWORD_POLICY=/[a/"}, words: "copy auth_password_policy from Directus"},
		"external, no address":           {file: remote + bolt, variables: []string{"GATEHOUSE_DIRECTUS_EXTERNAL_SIGN_IN=true"}, words: "directus.external_sign_in: needs directus.public_url"},
		"external, other domain":         {file: remote + bolt, variables: external("https://directus.example.org", "example.com"), words: "cannot work: directus.public_url (directus.example.org) and issuer (id.example.com) share no parent domain"},
		"external, shared hosting":       {file: "issuer: https://id.github.io\ndirectus: {url: http://directus, token: t}\n" + bolt, variables: external("https://directus.github.io", "github.io"), words: "share no parent domain"},
		"external, no cookie domain":     {file: remote + bolt, variables: external("https://directus.example.com", ""), words: "directus.external_sign_in: needs directus.cookie_domain: write example.com"},
		"external, sibling's cookie":     {file: remote + bolt, variables: external("https://directus.example.com", "directus.example.com"), words: `directus.cookie_domain: "directus.example.com" is not above both`},
		"external, cookie of a suffix":   {file: remote + bolt, variables: external("https://directus.example.com", "com"), words: `directus.cookie_domain: "com" is a public suffix`},
		"external, lookalike domain":     {file: remote + bolt, variables: external("https://directus.example.com", "ample.com"), words: "is not above both"},
		"external, cookie of loopback":   {file: minimal, variables: external("http://localhost:8055", "localhost"), words: `"localhost" cannot have a cookie for the hosts below it; remove the key`},
		"external, two loopback hosts":   {file: minimal, variables: external("http://127.0.0.1:8055", ""), words: "share no parent domain"},
		"external, Directus over http":   {file: remote + bolt, variables: external("http://directus.example.com", "example.com"), words: "directus.public_url: \"http://directus.example.com\" must use https"},
		"external, address with a user":  {file: remote + bolt, variables: external("https://u:p@directus.example.com", "example.com"), words: "directus.public_url: is not an address of Directus"},
		"cookie domain without use":      {file: minimal, variables: []string{"GATEHOUSE_DIRECTUS_COOKIE_DOMAIN=example.com"}, words: "directus.cookie_domain: means nothing without directus.external_sign_in: true"},
		"overlay that is not there":      {file: minimal + "theme: {overlay: not-there}\n", words: "theme.overlay: "},
		"claim of no scope":              {file: minimal + "claims: {shoe_size: size}\n", words: "gatehouse.yaml:3: claims.shoe_size: "},
		"claim from the password":        {file: minimal + "claims: {nickname: password}\n", words: "claims.nickname: "},
		"colour by name":                 {file: minimal + "theme: {primary_color: red}\n", words: "write it like #6644ff"},
		"script as background":           {file: minimal + "theme: {background_uri: 'javascript:alert(1)'}\n", words: "theme.background_uri: "},
		"script as logo":                 {file: minimal + "theme: {logo_uri: 'javascript:alert(1)'}\n", words: "theme.logo_uri: "},
		"language":                       {file: minimal + "default_language: deutsch_sprache_\n", words: "default_language: "},
		"clients as a mapping":           {file: minimal + "clients: {shop: {}}\n", words: "clients: is a mapping; write a list of clients"},
		"redirect over http":             {file: remote + bolt + "clients:\n- client_id: shop\n  token_endpoint_auth_method: none\n  redirect_uris:\n  - http://shop.example/cb\n", words: `gatehouse.yaml:7: clients[0].redirect_uris: "http://shop.example/cb" must use https`},
		"algorithm without key":          {file: minimal + "keys: {algorithms: [RS256]}\nclients:\n- {client_id: a, token_endpoint_auth_method: none, redirect_uris: ['https://a.example/'], id_token_signed_response_alg: ES256}\n", words: "clients[0].id_token_signed_response_alg"},
		"private key of a client":        {file: minimal + "clients:\n- {client_id: a, token_endpoint_auth_method: private_key_jwt, redirect_uris: ['https://a.example/'], jwks: {keys: [{kty: EC, crv: P-256, x: f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU, y: x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0, d: jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI}]}}\n", words: "a private key must never leave the client"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := load(t, test.file, environment(test.variables...))
			if err == nil || !strings.Contains(err.Error(), test.words) {
				t.Errorf("got:\n%v\nwant: %s", err, test.words)
			}
			for _, secret := range []string{"s3cret", "u:p@", "jpsQnnGQmL"} {
				if err != nil && strings.Contains(err.Error(), secret) {
					t.Errorf("the error shows a secret:\n%v", err)
				}
			}
		})
	}
}

func TestCheckIssuer(t *testing.T) {
	for issuer, words := range map[string]string{
		"https://id.example.com":           "",
		"https://id.example.com/tenant":    "",
		"https://id.example.com:8443":      "",
		"http://localhost:8080":            "",
		"http://127.0.0.1":                 "",
		"http://[::1]:8080":                "",
		"https://id.example.com/":          "ends in a slash; clients compare byte for byte, so write https://id.example.com",
		"http://id.example.com":            "must use https",
		"http://localhost.evil.example":    "must use https",
		"https://ID.example.com":           "write https://id.example.com",
		"HTTPS://id.example.com":           "write https://id.example.com",
		"https://id.example.com:443":       "write https://id.example.com",
		"https://id.example.com/a/../b":    "write https://id.example.com/b",
		"https://id.example.com/a//b":      "write https://id.example.com/a/b",
		"https://id.example.com?x=y":       "neither query nor fragment",
		"https://id.example.com?":          "neither query nor fragment",
		"https://id.example.com#":          "neither query nor fragment",
		"https://user@id.example.com":      "user name",
		"id.example.com":                   "not an absolute address",
		"ftp://id.example.com":             "must begin with https://",
		"https:id.example.com":             "not an absolute address",
		"https://":                         "not an absolute address",
		"https://id.example.com/%61dmin":   "write https://id.example.com/admin",
		"https://id.example.com/caf\u00e9": "write https://id.example.com/caf%C3%A9",
	} {
		err := config.CheckIssuer(issuer)
		switch {
		case words == "" && err != nil:
			t.Errorf("%s: got %v, want it accepted", issuer, err)
		case words != "" && (err == nil || !strings.Contains(err.Error(), words)):
			t.Errorf("%s: got %v, want %q", issuer, err, words)
		}
	}
}
