import { allow, enterPassword, expectAccount, expectScreen, openSignIn, signIn } from "./support/pages";
import { expect, test } from "./support/test";
import { words } from "./support/words";
import { issuerURL, world } from "./support/world";

test("signing out of an app signs out here and of the other app", { tag: "@core" }, async ({ page, context, person }) => {
  await signIn(page, world.shop, person);
  const club = await context.newPage();
  await club.goto(`${world.club.url}/account`);
  await allow(club);
  await expectAccount(club, world.club, person);

  await page.locator("#sign-out").click();
  await expect(page.locator("#signed-out")).toBeVisible();
  expect(page.url()).toContain(`${world.shop.url}/signed-out`);
  await page.goto(`${world.shop.url}/account`);
  await expectScreen(page, "/login");

  // The other app finds out when it refreshes its token.
  await expect(async () => {
    await club.goto(world.club.url);
    await expect(club.locator("#session-ended")).toBeVisible({ timeout: 100 });
  }).toPass({ intervals: [250] });
  await club.goto(`${world.club.url}/account`);
  await expectScreen(club, "/login");
});

test("without a hint the person is asked first", { tag: "@core" }, async ({ page, person }) => {
  await signIn(page, world.shop, person);

  await page.goto(issuerURL("/logout"));
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(words("logout.heading"));
  await expect(page.getByRole("main")).toContainText(person.email);
  await page.locator("#logout-cancel").click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(words("logged_out.kept"));
  await page.goto(`${world.club.url}/account`);
  await expectScreen(page, "/consent");

  await page.goto(issuerURL("/logout"));
  await page.locator("#logout-confirm").click();
  await expectScreen(page, "/logged-out");
  await expect(page.getByRole("main")).toContainText("logged out");
  await page.goto(`${world.club.url}/account`);
  await expectScreen(page, "/login");
});

test("an app without a hint gets the person back after the question", async ({ page, person }) => {
  await signIn(page, world.shop, person);
  const parameters = new URLSearchParams({ client_id: world.shop.clientId, post_logout_redirect_uri: `${world.shop.url}/signed-out` });
  await page.goto(`${issuerURL("/logout")}?${parameters}`);
  await expect(page.getByRole("main")).toContainText(words("logout.asked", { App: world.shop.name }));
  await page.locator("#logout-confirm").click();
  await expect(page).toHaveURL((url) => url.origin === world.shop.url);
});

test("signing out twice does no harm", async ({ page }) => {
  await page.goto(issuerURL("/logout"));
  await expectScreen(page, "/logged-out");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(words("logged_out.heading"));
});

test("the session of a browser is worth nothing after the sign-out", async ({ page, context, person, anotherBrowser }) => {
  await openSignIn(page, world.shop);
  await enterPassword(page, person);
  await allow(page);
  await expectAccount(page, world.shop, person);
  const thief = await anotherBrowser({ storageState: { cookies: await context.cookies(issuerURL("/")), origins: [] } });
  await page.locator("#sign-out").click();
  await expect(page.locator("#signed-out")).toBeVisible();

  await thief.goto(`${world.club.url}/account`);
  await expectScreen(thief, "/login");
});
