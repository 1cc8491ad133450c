import type { Page } from "@playwright/test";
import { createOwner, newPerson } from "./support/directus";
import { expectAccount, expectScreen, openAccount, signIn } from "./support/pages";
import { expect, test } from "./support/test";
import { issuerURL, world } from "./support/world";

/** Presses Tab until the element has the focus, and checks that each stop shows it. */
async function tabTo(page: Page, id: string): Promise<void> {
  for (let stops = 0; stops < 40; stops++) {
    const focused = await page.evaluate(() => {
      const element = document.activeElement;
      if (!element || element === document.body) return null;
      const style = getComputedStyle(element);
      const ring = style.outlineStyle !== "none" && Number.parseFloat(style.outlineWidth) >= 2;
      return { id: element.id, shown: ring || style.boxShadow !== "none" };
    });
    if (focused) expect(focused, "the focus is visible").toMatchObject({ shown: true });
    if (focused?.id === id) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`Tab never reaches #${id}.`);
}

test("everything can be done by keyboard alone", async ({ page, person }) => {
  await page.goto(`${world.shop.url}/account`);
  await expectScreen(page, "/login");
  await tabTo(page, "username");
  await page.keyboard.type(person.email);
  await tabTo(page, "password");
  await page.keyboard.type("certainly wrong");
  await page.keyboard.press("Enter");

  // The summary has the focus; its link leads to the field.
  await expect(page.getByRole("alert")).toBeFocused();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect(page.locator("#username")).toBeFocused();
  await tabTo(page, "password");
  await page.keyboard.type(person.password);
  await tabTo(page, "remember");
  await page.keyboard.press("Space");
  await expect(page.locator("#remember")).toBeChecked();
  await tabTo(page, "login-submit");
  await page.keyboard.press("Enter");

  await expectScreen(page, "/consent");
  await tabTo(page, "consent-allow");
  await page.keyboard.press("Space");
  await expectAccount(page, world.shop, person);
});

test("registration can be done by keyboard alone", async ({ page }) => {
  const person = newPerson();
  await page.goto(`${world.shop.url}/account`);
  await expectScreen(page, "/login");
  await tabTo(page, "login-register");
  await page.keyboard.press("Enter");
  await expectScreen(page, "/register");
  for (const [field, typed] of [
    ["given-name", person.firstName],
    ["family-name", person.lastName],
    ["username", person.email],
    ["new-password", person.password],
  ]) {
    await tabTo(page, field);
    await page.keyboard.type(typed);
  }
  await tabTo(page, "register-submit");
  await page.keyboard.press("Enter");
  await expectScreen(page, "/register/done");
});

test("the account can be seen to by keyboard alone", async ({ page, anotherBrowser }) => {
  const person = await createOwner();
  await signIn(await anotherBrowser(), world.shop, person);
  await openAccount(page, person);
  await tabTo(page, "given-name");
  await page.keyboard.press("Control+A");
  await page.keyboard.type("Adele the Great");
  await tabTo(page, "profile-submit");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("status")).toBeVisible();
  await expect(page.locator("#given-name")).toHaveValue("Adele the Great");

  await page.goto(issuerURL("/account/sessions"));
  await tabTo(page, "sessions-end-others");
  await page.keyboard.press("Enter");
  await page.locator("#sessions-end-others-confirm").waitFor();
  await tabTo(page, "sessions-end-others-confirm");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("status")).toBeVisible();
  await expect(page.locator("[id^=session-end-]")).toHaveCount(0);

  await tabTo(page, "language-menu");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect(page.locator("html")).not.toHaveAttribute("lang", "en");
});

test("Enter in a field signs in and never goes back to the app", async ({ page, person }) => {
  await page.goto(`${world.shop.url}/account`);
  await page.locator("#username").fill(person.email);
  await page.locator("#password").fill(person.password);
  await page.locator("#username").press("Enter");
  await expectScreen(page, "/consent");
});
