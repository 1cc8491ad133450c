import type { CookiesOptions } from "next-auth";
import { setting } from "./settings";

// Cookies ignore the port: two apps on localhost would overwrite each other's
// NextAuth cookies if both used the default names.
function cookiePrefix(): string {
  return setting("GATEHOUSE_CLIENT_ID").replace(/[^A-Za-z0-9-]/g, "_");
}

function isHTTPS(): boolean {
  return setting("NEXTAUTH_URL").startsWith("https://");
}

function secureName(name: string): string {
  return `${isHTTPS() ? "__Secure-" : ""}${cookiePrefix()}.${name}`;
}

export function sessionCookieName(): string {
  return secureName("session-token");
}

export function logoutStateCookieName(): string {
  return secureName("logout-state");
}

export function cookieOptions(path = "/") {
  return { httpOnly: true, sameSite: "lax", secure: isHTTPS(), path } as const;
}

// NextAuth gives up on a sign-in after 15 minutes. People look up passwords and
// set up authenticator apps meanwhile, so it waits for an hour.
const signInSeconds = 60 * 60;

/** NextAuth's cookies, with its own options but under names of this app. */
export function authCookies(): CookiesOptions {
  const options = cookieOptions();
  const whileSigningIn = { ...options, maxAge: signInSeconds };
  return {
    sessionToken: { name: sessionCookieName(), options },
    callbackUrl: { name: secureName("callback-url"), options },
    csrfToken: { name: `${isHTTPS() ? "__Host-" : ""}${cookiePrefix()}.csrf-token`, options },
    pkceCodeVerifier: { name: secureName("pkce-code-verifier"), options: whileSigningIn },
    state: { name: secureName("state"), options: whileSigningIn },
    nonce: { name: secureName("nonce"), options: whileSigningIn },
  };
}
