import "next-auth";
import "next-auth/jwt";

/** Set when the provider no longer accepts the refresh token. */
type SessionError = "RefreshTokenError";

declare module "next-auth" {
  interface Session {
    error?: SessionError;
    user: {
      id: string;
      name?: string | null;
      givenName?: string;
      familyName?: string;
      email?: string | null;
    };
  }
}

declare module "next-auth/jwt" {
  interface JWT {
    sub: string;
    givenName?: string;
    familyName?: string;
    accessToken: string;
    /** Seconds since 1970. */
    expiresAt: number;
    refreshToken?: string;
    idToken?: string;
    error?: SessionError;
  }
}
