import type { JWT } from "next-auth/jwt";
import { clientSecretBasic } from "./client-authentication";
import { providerMetadata } from "./discovery";

// A little early, so that a token doesn't run out on its way to an API.
const leewaySeconds = 10;

export function isDueForRefresh(token: JWT): boolean {
  return !token.error && token.expiresAt - leewaySeconds < Date.now() / 1000;
}

/**
 * Trades the refresh token for new tokens.
 *
 * Several requests may do this at once with the same refresh token: for a short
 * window Gatehouse gives each of them the same successor, so no lock is needed
 * here, and an answer lost on the way can be asked for again.
 */
export async function refresh(token: JWT): Promise<JWT> {
  if (!token.refreshToken) return ended(token);

  let response: Response;
  let answer: Record<string, unknown>;
  try {
    const { token_endpoint } = await providerMetadata();
    response = await fetch(token_endpoint, {
      method: "POST",
      headers: { Authorization: clientSecretBasic(), Accept: "application/json" },
      body: new URLSearchParams({ grant_type: "refresh_token", refresh_token: token.refreshToken }),
      cache: "no-store",
      signal: AbortSignal.timeout(5_000),
    });
    answer = await response.json();
  } catch (cause) {
    // The provider is away: that is no reason to sign anyone out. The next
    // request tries again with the same refresh token.
    console.error("refresh: no usable answer from the provider:", cause);
    return token;
  }

  if (response.ok) return withTokens(token, answer);
  if (answer.error === "invalid_grant") return ended(token);
  console.error(`refresh: ${response.status} ${answer.error}: ${answer.error_description}`);
  return token;
}

function withTokens(token: JWT, answer: Record<string, unknown>): JWT {
  return {
    ...token,
    accessToken: String(answer.access_token),
    expiresAt: Math.floor(Date.now() / 1000) + Number(answer.expires_in ?? 60),
    // RFC 6749, section 6: without a new refresh token the old one stays valid.
    refreshToken: (answer.refresh_token as string | undefined) ?? token.refreshToken,
    idToken: (answer.id_token as string | undefined) ?? token.idToken,
  };
}

// Signed out elsewhere, suspended or expired. The ID token stays: sign-out still
// wants it as a hint.
function ended(token: JWT): JWT {
  return { ...token, accessToken: "", refreshToken: undefined, error: "RefreshTokenError" };
}
