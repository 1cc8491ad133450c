import { expectAccessible, expectReflow } from "./support/accessibility";
import { createOwner, createPerson } from "./support/directus";
import { enterOTP, enterPassword, expectScreen, openAccount } from "./support/pages";
import { expect, test } from "./support/test";
import { currentStep, freshStep, nextStep, totp } from "./support/totp";
import { words } from "./support/words";
import { world } from "./support/world";

/** Open to those alone whose title in Directus is Editor. */
const editors = { client_id: world.editors.clientId };

test("an app that is open to some people turns others away", { tag: "@core" }, async ({ page, reader }) => {
  const guest = await createPerson();
  const editor = await createPerson("Barbara", "Liskov", { title: "Editor" });
  await page.goto(reader.requestURL(editors));
  await enterPassword(page, guest);
  await expectScreen(page, "/denied");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(words("denied.heading", { App: world.editors.name }));
  await expect(page.locator("#denied-account")).toContainText(guest.email);
  await expect(page.locator("main")).not.toContainText("Editor");

  // Back to the app, which hears why.
  await page.locator("#denied-back").click();
  const { parameters } = await reader.delivered(page);
  expect(parameters).toMatchObject({ error: "access_denied", state: "a state" });
  expect(parameters.code).toBeUndefined();

  // Nobody is asked anything by an app that wants no page.
  await page.goto(reader.requestURL({ ...editors, prompt: "none" }));
  expect((await reader.delivered(page)).parameters.error).toBe("access_denied");

  // As somebody else.
  await page.goto(reader.requestURL(editors));
  await expectScreen(page, "/denied");
  await page.locator("#use-other").click();
  await enterPassword(page, editor);
  await expectScreen(page, "/consent");
});

test("the page for those who are turned away fits every look", async ({ page, reader }) => {
  const guest = await createPerson();
  await page.goto(reader.requestURL(editors));
  await enterPassword(page, guest);
  await expectScreen(page, "/denied");
  const address = page.url();
  for (const colorScheme of ["light", "dark"] as const) {
    for (const locale of ["en", "ar"]) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width: 1280, height: 800 });
      await page.goto(`${address}&ui_locales=${locale}`);
      await expect(page.locator("html")).toHaveAttribute("dir", locale === "ar" ? "rtl" : "ltr");
      await expectAccessible(page, `${colorScheme}, ${locale}`);
      await expectReflow(page, `${colorScheme}, ${locale}`);
    }
  }
});

test("an app asks for the one-time password of somebody who signed in without", { tag: ["@core", "@own"] }, async ({ page, reader, anotherBrowser }) => {
  test.setTimeout(150_000);
  const person = await createOwner();
  await page.goto(reader.requestURL());
  await enterPassword(page, person);
  await expectScreen(page, "/consent");

  // It is set up in another browser.
  const elsewhere = await anotherBrowser();
  await openAccount(elsewhere, person, "/account/one-time-password");
  if (await elsewhere.locator("#current-password").isVisible()) {
    await elsewhere.locator("#current-password").fill(person.password);
    await elsewhere.locator("#enrol-start").click();
  }
  const secret = (await elsewhere.locator("#enrol-secret").innerText()).replace(/\s/g, "");
  await freshStep(4);
  const confirmedIn = currentStep();
  await elsewhere.locator("#otp").fill(totp(secret));
  await elsewhere.locator("#enrol-confirm").click();
  await expect(elsewhere.locator("#otp-disable")).toBeVisible();

  // Nobody asks until an app does.
  await page.goto(reader.requestURL());
  await expectScreen(page, "/consent");
  await page.goto(reader.requestURL({ acr_values: "urn:gatehouse:acr:otp" }));
  await expectScreen(page, "/login");
  await expect(page.locator("main")).toContainText(words("login.step_up", { App: world.native.name }));
  await enterPassword(page, person);
  await expectScreen(page, "/login/otp");
  await nextStep(confirmedIn);
  await enterOTP(page, totp(secret));
  await expectScreen(page, "/consent");
  await page.locator("#consent-allow").click();
  const { parameters } = await reader.delivered(page);
  expect(await reader.redeem(parameters.code)).toMatchObject({ sub: person.id, acr: "urn:gatehouse:acr:otp" });
});
