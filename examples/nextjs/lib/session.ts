import { getServerSession, type Session } from "next-auth";
import { getToken } from "next-auth/jwt";
import { headers } from "next/headers";
import { NextRequest } from "next/server";
import { authOptions, sessionFromToken } from "./auth";
import { sessionCookieName } from "./cookies";
import { appURL } from "./settings";

/**
 * The session, for pages.
 *
 * Pages cannot set cookies: a token refreshed while rendering would be lost, and
 * presenting its predecessor later would look like theft. So the jwt callback,
 * which refreshes, is left out here; proxy.ts has run it before the page.
 */
export function currentSession(): Promise<Session | null> {
  return getServerSession({ ...authOptions(), callbacks: { session: sessionFromToken } });
}

/** The access token, for code of the server that calls an API as the user. */
export async function currentAccessToken(): Promise<string | undefined> {
  const request = new NextRequest(appURL("/"), { headers: new Headers(await headers()) });
  const token = await getToken({ req: request, cookieName: sessionCookieName() });
  return token && !token.error ? token.accessToken : undefined;
}
