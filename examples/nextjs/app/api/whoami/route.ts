import { getToken } from "next-auth/jwt";
import type { NextRequest } from "next/server";
import { sessionCookieName } from "@/lib/cookies";
import { providerMetadata } from "@/lib/discovery";

/** Asks the provider who the access token belongs to. The token stays on the server. */
export async function GET(request: NextRequest): Promise<Response> {
  const token = await getToken({ req: request, cookieName: sessionCookieName() });
  if (!token?.accessToken) return answer(401, { error: "sign_in_required" });

  let response: Response;
  let userinfo: unknown;
  try {
    const { userinfo_endpoint } = await providerMetadata();
    response = await fetch(userinfo_endpoint, {
      headers: { Authorization: `Bearer ${token.accessToken}` },
      cache: "no-store",
      signal: AbortSignal.timeout(5_000),
    });
    if (response.ok) userinfo = await response.json();
  } catch (cause) {
    console.error("whoami: the provider did not answer", cause);
    return answer(502, { error: "provider_unavailable" });
  }
  if (response.status === 401) return answer(401, { error: "sign_in_required" });
  if (!response.ok) return answer(502, { error: "provider_unavailable" });
  return answer(200, { userinfo, access_token_expires_at: token.expiresAt });
}

function answer(status: number, body: object): Response {
  return Response.json(body, { status, headers: { "Cache-Control": "no-store" } });
}
