import { personByEmail } from "./support/directus";
import { linkFor } from "./support/mail";
import { allow, enterPassword, expectAccount, expectScreen, openAccount, signIn } from "./support/pages";
import { expect, test } from "./support/test";
import { words } from "./support/words";
import { issuerURL, world } from "./support/world";

test("the account shows the profile, and lets it be changed where the project permits", { tag: ["@core", "@own"] }, async ({ page, person }) => {
  await openAccount(page, person);
  await expect(page.locator("main")).toContainText(person.email);
  if (!world.writes && !world.own) {
    await expect(page.locator("main")).toContainText(person.firstName);
    await expect(page.locator("#profile-submit")).toHaveCount(0);
    return;
  }
  await page.locator("#given-name").fill("Rear Admiral Grace");
  await page.locator("#language").selectOption("de-DE");
  await page.locator("#profile-submit").click();
  await expect(page.locator("#given-name")).toHaveValue("Rear Admiral Grace");
  await expect(page.locator("html")).toHaveAttribute("lang", "de");
  expect(await personByEmail(person.email)).toMatchObject({
    first_name: "Rear Admiral Grace",
    last_name: person.lastName,
    role: world.directus.customerRole,
    status: "active",
  });
});

test("a password is changed: other sessions end, this one goes on", { tag: ["@core", "@own"] }, async ({ page, anotherBrowser, person }) => {
  const elsewhere = await anotherBrowser();
  await signIn(elsewhere, world.shop, person);
  await openAccount(page, person, "/account/password");
  if (!world.writes && !world.own) {
    await page.locator("#password-mail").click();
    await linkFor(person.email, "/reset-password");
    return;
  }
  const changed = { ...person, password: `new ${person.password}` };
  await page.locator("#current-password").fill("certainly wrong");
  await page.locator("#new-password").fill(changed.password);
  await page.locator("#password-submit").click();
  await expect(page.locator("#current-password-problem")).toBeVisible();
  await page.locator("#current-password").fill(person.password);
  await page.locator("#new-password").fill(changed.password);
  await page.locator("#password-submit").click();
  await expect(page.getByRole("status")).toBeVisible();

  await page.goto(issuerURL("/account/sessions"));
  await expectScreen(page, "/account/sessions");
  await elsewhere.goto(`${world.club.url}/account`);
  await expectScreen(elsewhere, "/login");
  await enterPassword(elsewhere, changed);
  await expectScreen(elsewhere, "/consent");
});

test("sessions are shown and ended", { tag: "@core" }, async ({ page, anotherBrowser, person }) => {
  const elsewhere = await anotherBrowser();
  await signIn(elsewhere, world.shop, person);
  const third = await anotherBrowser();
  await signIn(third, world.club, person);
  await openAccount(page, person, "/account/sessions");
  // This one is not among those with a button.
  await expect(page.locator("#session-here")).toBeVisible();
  await expect(page.locator("[id^=session-end-]")).toHaveCount(2);
  await page.locator("[id^=session-end-]").first().click();
  await expect(page.locator("[id^=session-end-]")).toHaveCount(1);
  await page.locator("#sessions-end-others").click();
  await page.locator("#sessions-end-others-confirm").click();
  await expect(page.locator("[id^=session-end-]")).toHaveCount(0);
  for (const gone of [elsewhere, third]) {
    await gone.goto(issuerURL("/account"));
    await expectScreen(gone, "/login");
  }
});

test("apps are shown and removed", { tag: "@core" }, async ({ page, person }) => {
  await signIn(page, world.shop, person);
  await page.goto(issuerURL("/account/apps"));
  await expectScreen(page, "/account/apps");
  await expect(page.locator("main")).toContainText(world.shop.name);
  const before = await page.locator("[id^=app-remove-]").count();
  await page.locator("#app-remove-1").click();
  await page.locator("#app-remove-confirm").click();
  await expect(page.locator("[id^=app-remove-]")).toHaveCount(before - 1);
});

test("an app is opened from the account", async ({ page, person }) => {
  await signIn(page, world.shop, person);
  await page.goto(`${world.club.url}/account`);
  await allow(page);
  await page.goto(issuerURL("/account/apps"));
  await expectScreen(page, "/account/apps");
  // Only one of the two says where it starts a sign-in.
  await expect(page.locator("[id^=app-open-]")).toHaveCount(1);
  await page.getByRole("link", { name: words("apps.open") }).click();
  await expectAccount(page, world.club, person);
  expect(new URL(page.url()).searchParams.get("iss")).toBe(world.issuer);
});

test("past sign-ins are shown", { tag: "@core" }, async ({ page, person }) => {
  await signIn(page, world.shop, person);
  await page.goto(issuerURL("/account/history"));
  await expectScreen(page, "/account/history");
  await expect(page.locator("main")).toContainText(world.shop.name);
  await expect(page.locator("main time")).not.toHaveCount(0);
});

test("signing out everywhere ends this session too", { tag: "@core" }, async ({ page, anotherBrowser, person }) => {
  const elsewhere = await anotherBrowser();
  await signIn(elsewhere, world.shop, person);
  await openAccount(page, person, "/account/sessions");
  await page.locator("#sessions-end-all").click();
  await page.locator("#sessions-end-all-confirm").click();
  for (const browser of [page, elsewhere]) {
    await browser.goto(issuerURL("/account"));
    await expectScreen(browser, "/login");
  }
});

test("another's address shows the own account only", async ({ page, anotherBrowser, person }) => {
  await openAccount(page, person);
  const stranger = await anotherBrowser();
  await stranger.goto(page.url());
  await expectScreen(stranger, "/login");
  await expect(stranger.locator("body")).not.toContainText(person.email);
});

test("every section is one press away", async ({ page, person }) => {
  await openAccount(page, person);
  await expect(page.getByRole("navigation", { name: words("account.heading") })).toBeVisible();
});
