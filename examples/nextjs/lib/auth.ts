import type { AuthOptions } from "next-auth";
import { authCookies } from "./cookies";
import { gatehouse, type GatehouseProfile } from "./gatehouse";
import { isDueForRefresh, refresh } from "./refresh";
import { setting } from "./settings";

// The JWT below is NextAuth's session cookie: encrypted, HttpOnly, and the only
// place where tokens are kept. The session is what pages and browser code may
// see, so tokens are never copied into it.
export function authOptions(): AuthOptions {
  return {
    secret: setting("NEXTAUTH_SECRET"),
    providers: [gatehouse()],
    pages: { signIn: "/sign-in", error: "/sign-in" },
    cookies: authCookies(),
    callbacks: {
      async jwt({ token, account, profile }) {
        if (!account) return isDueForRefresh(token) ? refresh(token) : token;

        const claims = profile as GatehouseProfile;
        return {
          sub: claims.sub,
          name: claims.name,
          givenName: claims.given_name,
          familyName: claims.family_name,
          email: claims.email,
          accessToken: account.access_token ?? "",
          refreshToken: account.refresh_token,
          idToken: account.id_token,
          expiresAt: account.expires_at ?? 0,
        };
      },
      session: sessionFromToken,
    },
  };
}

export const sessionFromToken: NonNullable<AuthOptions["callbacks"]>["session"] = ({ session, token }) => ({
  ...session,
  error: token.error,
  user: {
    id: token.sub,
    name: token.name,
    givenName: token.givenName,
    familyName: token.familyName,
    email: token.email,
  },
});
