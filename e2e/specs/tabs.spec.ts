import { allow, enterPassword, expectAccount, expectScreen, openSignIn, signIn } from "./support/pages";
import { expect, test } from "./support/test";
import { words } from "./support/words";
import { world } from "./support/world";

test("going back after the sign-in leads to the app again", async ({ page, person }) => {
  await signIn(page, world.shop, person);
  await page.goBack();
  await expectScreen(page, "/consent");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(words("error.expired.heading"));
  await page.locator("#start-again").click();
  await expect(page).toHaveURL(`${world.shop.url}/`);
  await expect(page.locator("#user-name")).toContainText(person.firstName);
});

test("two tabs sign in side by side", { tag: "@core" }, async ({ page, context, person }) => {
  const tab = await context.newPage();
  await openSignIn(page, world.shop);
  await openSignIn(tab, world.club);

  await enterPassword(page, person);
  await allow(page);
  await expectAccount(page, world.shop, person);

  // The second tab's form is still good, and so is reloading it instead.
  await enterPassword(tab, person);
  await allow(tab);
  await expectAccount(tab, world.club, person);
});

test("a tab that waited needs no password after the other", async ({ page, context, person }) => {
  const tab = await context.newPage();
  await openSignIn(tab, world.club);
  await signIn(page, world.shop, person);
  await tab.reload();
  await expectScreen(tab, "/consent");
});

test("a sign-in belongs to the browser where it began", { tag: "@core" }, async ({ page, person, anotherBrowser }) => {
  await openSignIn(page, world.shop);
  const elsewhere = await anotherBrowser();
  const answer = await elsewhere.goto(page.url());
  expect(answer?.status()).toBe(403);
  await expect(elsewhere.getByRole("heading", { level: 1 })).toHaveText(words("error.other_browser.heading"));
  await expect(elsewhere.locator("#username")).toHaveCount(0);
  await expect(elsewhere.locator("#start-again")).toHaveAttribute("href", world.shop.url);

  await enterPassword(page, person);
  await expectScreen(page, "/consent");
});
