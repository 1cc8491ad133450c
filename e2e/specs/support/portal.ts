import { expect, type Page } from "@playwright/test";
import { enterPassword, expectScreen } from "./pages";
import { issuerURL, type Person, world } from "./world";

// What the portal would do, which is only pages.

/** A sign-in at the portal, as it would remember it. */
export interface PortalSession {
  idToken: string;
  sessionState: string;
}

/** Signs in at the portal, with the password unless the browser is signed in. */
export async function signInAtPortal(page: Page, person?: Person): Promise<PortalSession> {
  const redirectURI = `${world.portal.url}/callback`;
  const parameters = { client_id: world.portal.clientId, redirect_uri: redirectURI, response_type: "code", scope: "openid", state: "a state" };
  await page.goto(`${issuerURL("/authorize")}?${new URLSearchParams(parameters)}`);
  if (person) {
    await expectScreen(page, "/login");
    await enterPassword(page, person);
  }
  await expect(page).toHaveURL((url) => url.origin + url.pathname === redirectURI);
  const answer = new URL(page.url()).searchParams;
  const redeemed = await fetch(issuerURL("/token"), {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "authorization_code",
      code: answer.get("code") ?? "",
      redirect_uri: redirectURI,
      client_id: world.portal.clientId,
      client_secret: world.portal.clientSecret,
    }),
  });
  const tokens = (await redeemed.json()) as Record<string, string>;
  if (!redeemed.ok) throw new Error(`The token endpoint answered ${redeemed.status} ${tokens.error}.`);
  return { idToken: tokens.id_token, sessionState: answer.get("session_state") ?? "" };
}

/** Where the portal sends whoever signs out. */
export function signOutURL(idToken: string): string {
  const parameters = { id_token_hint: idToken, post_logout_redirect_uri: `${world.portal.url}/signed-out`, state: "goodbye" };
  return `${issuerURL("/logout")}?${new URLSearchParams(parameters)}`;
}

/** An address is that of the page by which the portal hears of a sign-out. */
export function isLogoutOfPortal(url: URL): boolean {
  return url.origin + url.pathname === `${world.portal.url}/front-channel-logout`;
}

/** Keeps the browser at the page that tells the apps: they never answer, and its script is not there. */
export async function stayAtSigningOut(page: Page): Promise<void> {
  await page.route(isLogoutOfPortal, () => undefined);
  await page.route(/leave[^/]*\.js/, (route) => route.abort());
}
