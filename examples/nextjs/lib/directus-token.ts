import "server-only";
import { clientSecretBasic } from "./client-authentication";
import { DirectusProblem } from "./directus-problem";
import { providerMetadata } from "./discovery";
import { directusURL } from "./settings";

// RFC 8693, sections 2.1 and 3.
const tokenExchange = "urn:ietf:params:oauth:grant-type:token-exchange";
const accessTokenType = "urn:ietf:params:oauth:token-type:access_token";

// A little early, so that a token doesn't run out on its way to Directus.
const leewaySeconds = 15;

/** Milliseconds after which people are told that Directus does not answer. */
export const patience = 4_000;

interface Held {
  token: Promise<string>;
  /** Milliseconds since 1970; Infinity while the token is being asked for. */
  until: number;
}

// Directus tokens live in this server's memory and nowhere else: whoever has one
// is the user in Directus, and no sign-out takes it back before it expires.
//
// Each is found by the access token that it was traded for, of which a sign-in
// has one at a time. So nobody meets another's, and what is held of a sign-in
// that ended elsewhere is out of reach once the app's own token cannot be
// refreshed. globalThis, because a page and a route may each have this module.
const tokens: Map<string, Held> = ((globalThis as { directusTokens?: Map<string, Held> }).directusTokens ??= new Map());

/**
 * A Directus access token of the user whose access token this is.
 *
 * Requests at the same time wait for one exchange. A failure is not kept.
 */
export function directusToken(accessToken: string): Promise<string> {
  const held = tokens.get(accessToken);
  if (held && held.until > Date.now()) return held.token;

  dropExpired();
  const asked = Date.now();
  const fresh: Held = { token: exchange(accessToken).then(keep), until: Infinity };
  tokens.set(accessToken, fresh);
  fresh.token.catch(() => {
    if (tokens.get(accessToken) === fresh) tokens.delete(accessToken);
  });
  return fresh.token;

  function keep(answer: ExchangedToken): string {
    fresh.until = asked + (answer.expires_in - leewaySeconds) * 1000;
    return answer.access_token;
  }
}

/** Forgets what was traded for an access token: its user signs out, or Directus refuses it. */
export function forgetDirectusToken(accessToken: string): void {
  tokens.delete(accessToken);
}

function dropExpired(): void {
  for (const [accessToken, { until }] of tokens) {
    if (until <= Date.now()) tokens.delete(accessToken);
  }
}

interface ExchangedToken {
  access_token: string;
  expires_in: number;
}

/** Trades an access token of the provider for one of Directus (RFC 8693, section 2). */
async function exchange(accessToken: string): Promise<ExchangedToken> {
  let response: Response;
  let answer: Record<string, unknown>;
  try {
    const { token_endpoint } = await providerMetadata();
    response = await fetch(token_endpoint, {
      method: "POST",
      headers: { Authorization: clientSecretBasic(), Accept: "application/json" },
      body: new URLSearchParams({
        grant_type: tokenExchange,
        subject_token: accessToken,
        subject_token_type: accessTokenType,
        audience: directusURL(),
      }),
      cache: "no-store",
      // The provider asks Directus for the token, and may wait for it longer.
      signal: AbortSignal.timeout(patience),
    });
    answer = await response.json();
  } catch (cause) {
    throw new DirectusProblem("away", `the provider gave no usable answer: ${cause}`);
  }
  if (!response.ok) throw refusal(response.status, answer);
  if (typeof answer.access_token !== "string" || answer.issued_token_type !== accessTokenType) {
    throw new Error("token exchange: the answer holds no access token");
  }
  return { access_token: answer.access_token, expires_in: Number(answer.expires_in ?? 0) };
}

function refusal(status: number, answer: Record<string, unknown>): Error {
  const message = `the token exchange was refused: ${status} ${answer.error}: ${answer.error_description}`;
  switch (answer.error) {
    // There is no session at Directus for this sign-in, or it has ended.
    case "invalid_grant":
    // proxy.ts has just seen to it that the access token is fresh: it was revoked.
    case "invalid_request":
      return new DirectusProblem("sign-in", message);
    // The client has no directus_exchange, or not for administrators.
    case "unauthorized_client":
      return new DirectusProblem("forbidden", message);
  }
  return status >= 500 || status === 429 ? new DirectusProblem("away", message) : new Error(message);
}
