import { getServerSession, type Session } from "next-auth";
import { authOptions, sessionFromToken } from "./auth";

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
