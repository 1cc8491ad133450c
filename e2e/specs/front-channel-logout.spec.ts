import type { Page, Request } from "@playwright/test";
import { allow, expectAccount, expectScreen, openAccount } from "./support/pages";
import { isLogoutOfPortal, signInAtPortal, signOutURL } from "./support/portal";
import { claimsOf } from "./support/relying-party";
import { expect, test } from "./support/test";
import { issuerURL, world } from "./support/world";

/** Waits for the frame by which the portal hears of it. */
function told(page: Page): Promise<Request> {
  return page.waitForEvent("requestfinished", (request) => isLogoutOfPortal(new URL(request.url())));
}

function parametersOf(request: Request): Record<string, string> {
  return Object.fromEntries(new URL(request.url()).searchParams);
}

for (const javaScriptEnabled of [true, false]) {
  const name = javaScriptEnabled ? "an app hears of a sign-out in a frame" : "it does so without scripts as well";
  test(name, async ({ person, anotherBrowser }) => {
    const page = await anotherBrowser({ javaScriptEnabled });
    const { idToken } = await signInAtPortal(page, person);
    const hearing = told(page);
    await page.goto(signOutURL(idToken));
    const request = await hearing;
    expect(parametersOf(request)).toEqual({ iss: world.issuer, sid: claimsOf(idToken).sid });
    expect(request.frame().parentFrame()).toBe(page.mainFrame());
    await expect(page).toHaveURL(`${world.portal.url}/signed-out?state=goodbye`);
    await page.goto(issuerURL("/account"));
    await expectScreen(page, "/login");
  });
}

test("an app hears of the sign-out at another", { tag: "@core" }, async ({ page, person }) => {
  const { idToken } = await signInAtPortal(page, person);
  await page.goto(`${world.shop.url}/account`);
  await allow(page);
  await expectAccount(page, world.shop, person);

  const hearing = told(page);
  await page.locator("#sign-out").click();
  expect(parametersOf(await hearing)).toEqual({ iss: world.issuer, sid: claimsOf(idToken).sid });
  await expect(page.locator("#signed-out")).toBeVisible();
  expect(page.url()).toContain(`${world.shop.url}/signed-out`);
});

test("it hears of a sign-out everywhere, too", async ({ page, person }) => {
  await openAccount(page, person, "/account/sessions");
  const { idToken } = await signInAtPortal(page);
  await page.goto(issuerURL("/account/sessions"));
  await page.locator("#sessions-end-all").click();
  const hearing = told(page);
  await page.locator("#sessions-end-all-confirm").click();
  expect(parametersOf(await hearing)).toMatchObject({ sid: claimsOf(idToken).sid });
  await expectScreen(page, "/logged-out");
});

test("an app that does not answer keeps nobody", async ({ page, person }) => {
  const { idToken } = await signInAtPortal(page, person);
  await page.route(isLogoutOfPortal, () => undefined);
  await page.goto(signOutURL(idToken), { waitUntil: "commit" });
  await expect(page).toHaveURL(`${world.portal.url}/signed-out?state=goodbye`);
});
