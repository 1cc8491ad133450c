import type { OAuthConfig } from "next-auth/providers/oauth";
import type { TokenSet } from "openid-client";
import { discoveryURL, setting } from "./settings";

/** What userinfo answers for the scopes asked for below. */
export interface GatehouseProfile {
  sub: string;
  name?: string;
  given_name?: string;
  family_name?: string;
  email?: string;
}

// This is the whole integration: the rest of lib/ is refresh and sign-out.
//
// NextAuth v4 takes the profile from the ID token when there is one. Gatehouse
// keeps names and e-mail out of it, as OIDC Core section 5.4 has it for the code
// flow, so `userinfo.request` asks the userinfo endpoint. `idToken: true` stays:
// it makes NextAuth validate the ID token, and with it the nonce.
export function gatehouse(): OAuthConfig<GatehouseProfile> {
  return {
    id: "gatehouse",
    name: "Gatehouse",
    type: "oauth",
    wellKnown: discoveryURL(),
    clientId: setting("GATEHOUSE_CLIENT_ID"),
    clientSecret: setting("GATEHOUSE_CLIENT_SECRET"),
    authorization: { params: { scope: "openid profile email" } },
    checks: ["pkce", "state", "nonce"],
    idToken: true,
    userinfo: { request: ({ client, tokens }) => client.userinfo(tokens as TokenSet) },
    profile: (claims) => ({ id: claims.sub, name: claims.name, email: claims.email }),
    httpOptions: { timeout: 10_000 },
  };
}
