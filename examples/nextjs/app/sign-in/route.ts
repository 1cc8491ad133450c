import NextAuth from "next-auth";
import { cookies } from "next/headers";
import { NextRequest, NextResponse } from "next/server";
import { authOptions } from "@/lib/auth";
import { returnPath } from "@/lib/return-path";
import { currentSession } from "@/lib/session";
import { appURL, registrationOffered } from "@/lib/settings";

/**
 * Goes straight to the provider. NextAuth starts a sign-in by a POST with a CSRF
 * token, usually sent by its browser code from a page with a list of providers.
 * Here the server sends it: no page in between, and no JavaScript needed.
 */
export async function GET(request: NextRequest): Promise<Response> {
  const query = request.nextUrl.searchParams;
  const callbackUrl = returnPath(query.get("callbackUrl") ?? undefined);

  const error = query.get("error");
  // Never start over by itself after an error: that could go round for ever.
  if (error) return NextResponse.redirect(problemPage(error, callbackUrl));

  const again = query.get("prompt") === "login";
  const session = await currentSession();
  if (session && !session.error && !again) return NextResponse.redirect(appURL(callbackUrl));

  const authorize = appURL("/api/auth/signin/gatehouse");
  // NextAuth passes the query on to the authorization request. "create" asks for
  // the registration screen (Initiating User Registration via OpenID Connect).
  if (query.has("register") && registrationOffered()) authorize.searchParams.set("prompt", "create");
  else if (again) authorize.searchParams.set("prompt", "login");

  const body = new URLSearchParams({ csrfToken: await csrfToken(), callbackUrl });
  return auth(new NextRequest(authorize, { method: "POST", body }), "signin", "gatehouse");
}

/** NextAuth's CSRF token. Its cookie half is set for the call that follows. */
async function csrfToken(): Promise<string> {
  const answer = await auth(new NextRequest(appURL("/api/auth/csrf")), "csrf");
  const jar = await cookies();
  new NextResponse(null, { headers: answer.headers }).cookies.getAll().forEach((cookie) => jar.set(cookie));
  return (await answer.json()).csrfToken;
}

function auth(request: NextRequest, ...nextauth: string[]): Promise<Response> {
  return NextAuth(request, { params: { nextauth } }, authOptions());
}

function problemPage(error: string, callbackUrl: string): URL {
  const url = appURL("/sign-in-problem");
  url.searchParams.set("error", error);
  url.searchParams.set("callbackUrl", callbackUrl);
  return url;
}
