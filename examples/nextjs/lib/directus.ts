import "server-only";
import { createDirectus, rest, staticToken } from "@directus/sdk";
import { DirectusProblem } from "./directus-problem";
import { directusToken, forgetDirectusToken, patience } from "./directus-token";
import { currentAccessToken } from "./session";
import { directusURL } from "./settings";

/** What this app knows of the project's collections. */
export interface Collections {
  notes: Note[];
}

export interface Note {
  id: number;
  text: string;
  /** Filled in by Directus, as the next one is. */
  user_created: string;
  date_created: string;
}

export type UserDirectus = ReturnType<typeof connect>;

/**
 * Calls Directus as the user who is signed in, with exactly his rights there, and
 * waits for its answer no longer than that.
 *
 * Fails with a DirectusProblem where only the user, the operator or time can help.
 */
export async function asUser<T>(call: (directus: UserDirectus) => Promise<T>, milliseconds = patience): Promise<T> {
  const accessToken = await currentAccessToken();
  if (!accessToken) throw new DirectusProblem("sign-in", "nobody is signed in");

  const token = await directusToken(accessToken);
  try {
    return await call(connect(token, milliseconds));
  } catch (error) {
    const problem = problemOf(error);
    if (problem instanceof DirectusProblem && problem.kind === "sign-in") forgetDirectusToken(accessToken);
    throw problem;
  }
}

// One for each call: a client holds a user's token, so it is never shared.
function connect(token: string, milliseconds: number) {
  return createDirectus<Collections>(directusURL())
    .with(staticToken(token))
    .with(rest({ onRequest: (options) => ({ ...options, cache: "no-store", signal: AbortSignal.timeout(milliseconds) }) }));
}

// The SDK throws what Directus answered, with the response beside it, or what
// fetch threw. Answers may quote data, so only their status is passed on.
function problemOf(error: unknown): unknown {
  const response = (error as { response?: unknown } | null)?.response;
  if (!(response instanceof Response)) {
    const { name, message } = error as Error;
    const unanswered = name === "TimeoutError" || (name === "TypeError" && message === "fetch failed");
    return unanswered ? new DirectusProblem("away", "Directus did not answer") : error;
  }
  const answered = `Directus answered ${response.status}`;
  if (response.status === 401) return new DirectusProblem("sign-in", answered);
  if (response.status === 403) return new DirectusProblem("forbidden", answered);
  if (response.status === 429 || response.status >= 500) return new DirectusProblem("away", answered);
  return new Error(answered);
}
