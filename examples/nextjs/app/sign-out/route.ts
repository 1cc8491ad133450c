import { randomUUID } from "node:crypto";
import { getToken } from "next-auth/jwt";
import { type NextRequest, NextResponse } from "next/server";
import { cookieOptions, logoutStateCookieName, sessionCookieName } from "@/lib/cookies";
import { forgetDirectusToken } from "@/lib/directus-token";
import { providerMetadata } from "@/lib/discovery";
import { appURL, setting } from "@/lib/settings";

/**
 * Signs out here and at the provider: ends the NextAuth session, then sends the
 * browser to the end_session_endpoint (OIDC RP-Initiated Logout, section 2).
 */
export async function POST(request: NextRequest): Promise<Response> {
  // Another app on this host is the same site, so SameSite cookies don't stop it
  // from posting here. The Origin header does.
  if (request.headers.get("origin") !== appURL("/").origin) {
    return new Response("Sign out from the app's own page.", { status: 403 });
  }

  const token = await getToken({ req: request, cookieName: sessionCookieName() });
  if (token?.accessToken) forgetDirectusToken(token.accessToken);
  const state = randomUUID();
  // 303: the form was posted, the next page is a GET.
  const response = NextResponse.redirect(await nextPage(state, token?.idToken), 303);
  endSession(request, response);
  response.cookies.set(logoutStateCookieName(), state, { ...cookieOptions("/signed-out"), maxAge: 10 * 60 });
  return response;
}

async function nextPage(state: string, idToken: string | undefined): Promise<URL> {
  try {
    const { end_session_endpoint } = await providerMetadata();
    if (end_session_endpoint) return logoutURL(end_session_endpoint, state, idToken);
  } catch (cause) {
    console.error("sign-out: the provider did not answer", cause);
  }
  return appURL("/signed-out?only=here");
}

function logoutURL(endSessionEndpoint: string, state: string, idToken: string | undefined): URL {
  const url = new URL(endSessionEndpoint);
  if (idToken) url.searchParams.set("id_token_hint", idToken);
  url.searchParams.set("client_id", setting("GATEHOUSE_CLIENT_ID"));
  url.searchParams.set("post_logout_redirect_uri", appURL("/signed-out").href);
  url.searchParams.set("state", state);
  return url;
}

// What NextAuth's own sign-out does. A large session is kept in several cookies,
// numbered from 0.
function endSession(request: NextRequest, response: NextResponse): void {
  for (const { name } of request.cookies.getAll()) {
    if (name === sessionCookieName() || name.startsWith(`${sessionCookieName()}.`)) {
      response.cookies.set(name, "", { ...cookieOptions(), maxAge: 0 });
    }
  }
}
