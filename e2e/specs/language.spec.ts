import { enterPassword, openSignIn } from "./support/pages";
import { expect, test } from "./support/test";
import { words } from "./support/words";
import { world } from "./support/world";

test("pages speak the language of the browser", { tag: "@core" }, async ({ anotherBrowser, person }) => {
  const page = await anotherBrowser({ locale: "de-AT" });
  await openSignIn(page, world.shop);
  await expect(page.locator("html")).toHaveAttribute("lang", "de");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(words("login.heading", { App: world.shop.name }, "de"));
  await enterPassword(page, { ...person, password: "falsch" });
  await expect(page.getByRole("alert")).toContainText(words("login.problem.refused", {}, "de"));
  await enterPassword(page, person);
  await expect(page.locator("#consent-allow")).toHaveText(words("consent.allow", {}, "de"));
});

test("the app may ask for a language, the person decides", async ({ page, context, reader }) => {
  await page.goto(reader.requestURL({ ui_locales: "fi-FI de" }));
  await expect(page.locator("html")).toHaveAttribute("lang", "de");
  await page.locator("#language-menu").click();
  await page.getByRole("link", { name: "English" }).click();
  await expect(page.locator("html")).toHaveAttribute("lang", "en");

  // The choice is kept, also against the wish of an app.
  const tab = await context.newPage();
  await tab.goto(reader.requestURL({ ui_locales: "de" }));
  await expect(tab.locator("html")).toHaveAttribute("lang", "en");
});

test("a language that we do not have falls back to English", async ({ anotherBrowser }) => {
  const page = await anotherBrowser({ locale: "fi-FI" });
  await openSignIn(page, world.shop);
  await expect(page.locator("html")).toHaveAttribute("lang", "en");
});
