package presets

// The profile comes from userinfo: NextAuth 4 would take it from the ID token as
// soon as it validates one.
const nextAuth = `# .env.local
GATEHOUSE_ISSUER={{.Issuer}}
GATEHOUSE_CLIENT_ID={{.ClientID}}
GATEHOUSE_CLIENT_SECRET={{.Secret}}

// an entry of "providers" in the options of NextAuth 4
{
  id: "gatehouse",
  name: "Gatehouse",
  type: "oauth",
  wellKnown: process.env.GATEHOUSE_ISSUER + "/.well-known/openid-configuration",
  clientId: process.env.GATEHOUSE_CLIENT_ID,
  clientSecret: process.env.GATEHOUSE_CLIENT_SECRET,
  authorization: { params: { scope: "{{.Scope}}" } },
  checks: ["pkce", "state", "nonce"],
  idToken: true,
  userinfo: { request: ({ client, tokens }) => client.userinfo(tokens) },
  profile: (claims) => ({ id: claims.sub, name: claims.name, email: claims.email }),
}
`

const authJS = `# .env.local
GATEHOUSE_ISSUER={{.Issuer}}
GATEHOUSE_CLIENT_ID={{.ClientID}}
GATEHOUSE_CLIENT_SECRET={{.Secret}}

// an entry of "providers" in the options of Auth.js 5
{
  id: "gatehouse", name: "Gatehouse", type: "oidc",
  issuer: process.env.GATEHOUSE_ISSUER,
  clientId: process.env.GATEHOUSE_CLIENT_ID,
  clientSecret: process.env.GATEHOUSE_CLIENT_SECRET,
  checks: ["pkce", "state", "nonce"],
  idToken: false, // the profile comes from userinfo; the ID token is validated all the same
}
`

const singlePage = `// npm install oidc-client-ts
import { UserManager } from "oidc-client-ts";

export const users = new UserManager({
  authority: "{{.Issuer}}",
  client_id: "{{.ClientID}}",
  redirect_uri: "{{.RedirectURI}}",
  post_logout_redirect_uri: window.location.origin + "/",
  scope: "{{.Scope}}",
  loadUserInfo: true,
});
// users.signinRedirect(), users.signinRedirectCallback() at the redirect_uri, users.signoutRedirect()
`

const nativeApp = `# AppAuth for Android and iOS, or any library for RFC 8252
discovery:    {{.Issuer}}/.well-known/openid-configuration
client_id:    {{.ClientID}}
redirect_uri: {{.RedirectURI}}   (any port on this address)
scope:        {{.Scope}}
PKCE:         S256, no client secret

# A phone app has a scheme of its own instead; register it with:
gatehouse client update {{.ClientID}} --redirect-uri com.example.app:/callback
`

const oauth2Proxy = `# oauth2-proxy.cfg
provider = "oidc"
oidc_issuer_url = "{{.Issuer}}"
client_id = "{{.ClientID}}"
client_secret = "{{.Secret}}"
redirect_url = "{{.RedirectURI}}"
scope = "{{.Scope}}"
code_challenge_method = "S256"
# Directus does not prove addresses; see directus.email_verified in docs/configuration.md.
insecure_oidc_allow_unverified_email = true
email_domains = [ "*" ]
cookie_secret = "" # openssl rand -base64 32 | tr -- "+/" "-_"
`
