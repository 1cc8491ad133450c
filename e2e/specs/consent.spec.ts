import { createPerson } from "./support/directus";
import { allow, enterPassword, expectAccount, expectScreen, openSignIn, signIn } from "./support/pages";
import { expect, test } from "./support/test";
import { words } from "./support/words";
import { world } from "./support/world";

test("a person who does not allow it is told so by the app", { tag: "@core" }, async ({ page, person }) => {
  await openSignIn(page, world.shop);
  await enterPassword(page, person);
  await expect(page.getByRole("main")).toContainText(words("consent.host", { Host: new URL(world.shop.url).host }));
  await page.locator("#consent-deny").click();

  await expect(page).toHaveURL((url) => url.href.startsWith(`${world.shop.url}/sign-in-problem`));
  await expect(page.locator("#sign-in-problem")).toBeVisible();
  // The person is signed in all the same, so only consent is asked for again.
  await page.locator("#try-again").click();
  await expectScreen(page, "/consent");
  await allow(page);
  await expectAccount(page, world.shop, person);
});

test("consent is asked for once", { tag: "@core" }, async ({ page, person, anotherBrowser }) => {
  await signIn(page, world.shop, person);

  const elsewhere = await anotherBrowser();
  await openSignIn(elsewhere, world.shop);
  await enterPassword(elsewhere, person);
  await expectAccount(elsewhere, world.shop, person);
});

test("the page says who asks, for what, and what stays private", async ({ page, person, reader }) => {
  await page.goto(reader.requestURL({ scope: "openid profile offline_access", prompt: "consent" }));
  await enterPassword(page, person);
  await expectScreen(page, "/consent");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(words("consent.heading", { App: world.native.name }));
  await expect(page.getByRole("main")).toContainText(words("consent.device"));
  await expect(page.getByRole("main")).toContainText(person.email);
  for (const scope of ["openid", "profile", "offline_access"]) {
    await expect(page.locator("#consent-gets")).toContainText(words(`consent.gets.${scope}`));
  }
  for (const withheld of ["password", "email", "phone", "address"]) {
    await expect(page.locator("#consent-withheld")).toContainText(words(`consent.withheld.${withheld}`));
  }
  await page.locator("#consent-deny").click();
  const { parameters } = await reader.delivered(page);
  expect(parameters).toMatchObject({ error: "access_denied", state: "a state", iss: world.issuer });
});

test("claims that are asked for one by one are said one by one", async ({ page, person, reader }) => {
  const claims = JSON.stringify({ userinfo: { locale: null, email: { essential: true } }, id_token: { given_name: null } });
  await page.goto(reader.requestURL({ scope: "openid", claims }));
  await enterPassword(page, person);
  await expectScreen(page, "/consent");
  for (const part of ["openid", "locale", "email", "name"]) {
    await expect(page.locator("#consent-gets")).toContainText(words(`consent.gets.${part}`));
  }
  await expect(page.locator("#consent-gets")).not.toContainText(words("consent.gets.profile"));
  await expect(page.locator("#consent-withheld")).toContainText(words("consent.withheld.address"));
  await expect(page.locator("#consent-withheld")).not.toContainText(words("consent.withheld.email"));
  await allow(page);
  expect(await reader.redeem((await reader.delivered(page)).parameters.code)).toMatchObject({ given_name: person.firstName });
});

test("consent counts for the account that was shown only", async ({ page, context, person }) => {
  await openSignIn(page, world.shop);
  await enterPassword(page, person);
  await expectScreen(page, "/consent");

  const other = await createPerson("Barbara", "Liskov");
  const tab = await context.newPage();
  await tab.goto(page.url());
  await tab.locator("#use-other").click();
  await enterPassword(tab, other);
  await expectScreen(tab, "/consent");

  await allow(page);
  await expectScreen(page, "/consent");
  await expect(page.getByRole("alert")).toContainText(words("consent.changed"));
  await expect(page.getByRole("main")).toContainText(other.email);
  await allow(page);
  await expectAccount(page, world.shop, other);
});
