import NextAuth from "next-auth";
import { getToken, type JWT } from "next-auth/jwt";
import { NextRequest, NextResponse } from "next/server";
import { authOptions } from "./lib/auth";
import { sessionCookieName } from "./lib/cookies";
import { isDueForRefresh } from "./lib/refresh";
import { appURL } from "./lib/settings";

// Every page that shows who is signed in, because its token may need a refresh.
export const config = { matcher: ["/", "/account/:path*", "/notes/:path*", "/api/whoami"] };

// next-auth/middleware's withAuth would guard these pages too, but it cannot
// refresh, and it builds redirects from the address the server listens on.
export default async function proxy(request: NextRequest): Promise<NextResponse> {
  let token = await sessionToken(request);
  let refreshed: NextResponse | undefined;
  if (token && isDueForRefresh(token)) {
    refreshed = await refreshSession(request);
    token = await sessionToken(request);
  }

  const signedIn = token !== null && !token.error;
  const response = signedIn || isPublic(request) ? NextResponse.next({ request }) : signInFirst(request);
  refreshed?.cookies.getAll().forEach((cookie) => response.cookies.set(cookie));
  return response;
}

function isPublic(request: NextRequest): boolean {
  return request.nextUrl.pathname === "/";
}

function sessionToken(request: NextRequest): Promise<JWT | null> {
  return getToken({ req: request, cookieName: sessionCookieName() });
}

/**
 * Has NextAuth run the jwt callback, and writes the new session cookie into the
 * request, for the page that follows. The answer carries it to the browser.
 */
async function refreshSession(request: NextRequest): Promise<NextResponse> {
  const session = new NextRequest(appURL("/api/auth/session"), { headers: request.headers });
  const answer: Response = await NextAuth(session, { params: { nextauth: ["session"] } }, authOptions());
  const response = new NextResponse(null, { headers: answer.headers });
  for (const cookie of response.cookies.getAll()) {
    if (cookie.value) request.cookies.set(cookie.name, cookie.value);
    else request.cookies.delete(cookie.name);
  }
  return response;
}

function signInFirst(request: NextRequest): NextResponse {
  const { pathname, search } = request.nextUrl;
  if (pathname.startsWith("/api/")) {
    return NextResponse.json({ error: "sign_in_required" }, { status: 401 });
  }
  const signIn = appURL("/sign-in");
  signIn.searchParams.set("callbackUrl", pathname + search);
  // 303: what was asked for may have been a form, the sign-in is a GET.
  return NextResponse.redirect(signIn, 303);
}
