import type { Page } from "@playwright/test";
import { expectAccount, expectScreen } from "./support/pages";
import { expect, test } from "./support/test";
import { world } from "./support/world";

/** Presses Tab until the element has the focus, and checks that each stop shows it. */
async function tabTo(page: Page, id: string): Promise<void> {
  for (let stops = 0; stops < 20; stops++) {
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

test("Enter in a field signs in and never goes back to the app", async ({ page, person }) => {
  await page.goto(`${world.shop.url}/account`);
  await page.locator("#username").fill(person.email);
  await page.locator("#password").fill(person.password);
  await page.locator("#username").press("Enter");
  await expectScreen(page, "/consent");
});
