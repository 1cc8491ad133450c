import { personByEmail } from "./support/directus";
import { enterPassword, expectScreen, openSignIn } from "./support/pages";
import { expect, test } from "./support/test";
import { issuerURL, world } from "./support/world";

test("somebody signs in with another provider, and is back at the app", { tag: "@own" }, async ({ page, reader, context }) => {
  test.skip(!world.own, "Directus offers no other provider here");
  await page.goto(reader.requestURL({ scope: "openid email" }));
  await expectScreen(page, "/login");
  await page.locator("#login-external-upstream").click();
  // At the other provider.
  await expect(page.locator("#username")).toBeVisible();
  expect(new URL(page.url()).origin).not.toBe(world.issuer);
  await enterPassword(page, world.people.elsewhere);
  await expectScreen(page, "/consent");
  expect((await context.cookies()).map(({ name }) => name)).not.toContain("directus_refresh_token");
  await page.locator("#consent-allow").click();
  const { parameters } = await reader.delivered(page);
  const made = await personByEmail(world.people.elsewhere.email);
  expect(made).toMatchObject({ provider: "upstream" });
  expect(await reader.redeem(parameters.code)).toMatchObject({ sub: made?.id, acr: "urn:gatehouse:acr:external" });
});

test("a return that this browser did not set out for is refused", { tag: "@own" }, async ({ page, reader, anotherBrowser }) => {
  test.skip(!world.own, "Directus offers no other provider here");
  await page.goto(reader.requestURL());
  await expectScreen(page, "/login");
  const handle = new URL(page.url()).searchParams.get("request") ?? "";
  const stranger = await anotherBrowser();
  for (const query of [`request=${handle}`, `request=${handle}&state=made-up`, "state=made-up", ""]) {
    for (const browser of [page, stranger]) {
      await browser.goto(issuerURL(`/login/external/callback?${query}`));
      await expect(browser.locator("#consent-allow")).toHaveCount(0);
    }
  }
});

test("where Directus offers no other provider there is no button", async ({ page }) => {
  test.skip(world.own, "Directus offers another provider here");
  await openSignIn(page, world.shop);
  await expect(page.locator("[id^=login-external-]")).toHaveCount(0);
});
