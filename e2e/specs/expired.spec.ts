import { allow, enterPassword, expectAccount, openSignIn } from "./support/pages";
import { expect, test } from "./support/test";
import { words } from "./support/words";
import { world } from "./support/world";

// It waits for the request to end, a minute, and needs nothing meanwhile.
test("an expired request offers the way back to the app", async ({ page, person }) => {
  test.setTimeout(120_000);
  await openSignIn(page, world.shop);
  const address = page.url();
  await expect.poll(async () => (await page.request.get(address)).status(), { timeout: 90_000, intervals: [2_000] }).toBe(410);

  await enterPassword(page, person);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(words("error.expired.heading"));
  await expect(page.locator("#error-code")).toHaveText("request_expired");
  await page.locator("#start-again").click();
  await page.locator("#sign-in").click();
  await enterPassword(page, person);
  await allow(page);
  await expectAccount(page, world.shop, person);
});
