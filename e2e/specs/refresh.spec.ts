import type { APIRequestContext } from "@playwright/test";
import { setStatus } from "./support/directus";
import { expectScreen, signIn } from "./support/pages";
import { expect, test } from "./support/test";
import { world } from "./support/world";

/** When the app's access token ends; the app refreshes it when it is due. */
async function expiry(request: APIRequestContext): Promise<number> {
  const answer = await request.get(`${world.shop.url}/api/whoami`);
  expect(answer.status()).toBe(200);
  return (await answer.json()).access_token_expires_at;
}

test("the app refreshes its token when it is due, again and again", { tag: "@core" }, async ({ page, person }) => {
  await signIn(page, world.shop, person);
  let before = await expiry(page.request);
  for (let round = 0; round < 3; round++) {
    await expect.poll(() => expiry(page.request)).toBeGreaterThan(before);
    before = await expiry(page.request);
  }
});

test("parallel requests refresh with the same token", { tag: "@core" }, async ({ page, person }) => {
  await signIn(page, world.shop, person);
  for (let round = 0; round < 3; round++) {
    const before = await expiry(page.request);
    await expect.poll(() => Date.now() / 1000).toBeGreaterThan(before - 9);
    // All of them carry the same, due session.
    const after = await Promise.all(Array.from({ length: 8 }, () => expiry(page.request)));
    for (const each of after) expect(each).toBeGreaterThan(before);
  }
});

test("who is suspended in Directus is signed out of the app", { tag: "@core" }, async ({ page, person }) => {
  await signIn(page, world.shop, person);
  await setStatus(person, "suspended");

  await expect(async () => {
    await page.goto(world.shop.url);
    await expect(page.locator("#session-ended")).toBeVisible({ timeout: 100 });
  }).toPass({ intervals: [250] });
  await page.goto(`${world.shop.url}/account`);
  await expectScreen(page, "/login");

  // And the session here is gone for good, even if the person comes back.
  await setStatus(person, "active");
  await page.goto(`${world.club.url}/account`);
  await expectScreen(page, "/login");
});
