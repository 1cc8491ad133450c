import { invite, newPerson, personByEmail } from "./support/directus";
import { linkFor } from "./support/mail";
import { enterPassword, expectScreen } from "./support/pages";
import { expect, test } from "./support/test";
import { issuerURL } from "./support/world";

test("an invited person sets a password and signs in", { tag: "@core" }, async ({ page }) => {
  const person = newPerson();
  await invite(person.email);
  const link = await linkFor(person.email, "/accept-invite");
  expect((await fetch(link)).status).toBe(200); // a scanner
  await page.goto(link);
  await expect(page.locator("input[name=username]")).toHaveValue(person.email);
  await page.locator("#new-password").fill(person.password);
  await page.locator("#invitation-submit").click();
  expect(await personByEmail(person.email)).toMatchObject({ status: "active" });
  await page.goto(issuerURL("/account"));
  await expectScreen(page, "/login");
  await enterPassword(page, person);
  await expectScreen(page, "/account");

  // Once only.
  await page.goto(link);
  await page.locator("#new-password").fill("another new password");
  await page.locator("#invitation-submit").click();
  await expect(page.locator("main a").first()).toBeVisible();
  expect(await personByEmail(person.email)).toMatchObject({ status: "active" });
});
