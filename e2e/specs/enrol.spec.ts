import type { Page } from "@playwright/test";
import { createOwner, enforceOTP } from "./support/directus";
import { enterOTP, enterPassword, expectScreen, openAccount, openSignIn } from "./support/pages";
import { expect, test } from "./support/test";
import { currentStep, freshStep, nextStep, totp, wrongTOTP } from "./support/totp";
import { words } from "./support/words";
import { issuerURL, world } from "./support/world";

/** The secret as the page writes it for those who cannot scan the QR code. */
async function secretOn(page: Page): Promise<string> {
  await expect(page.getByRole("img", { name: words("enrol.qr") })).toBeVisible();
  return (await page.locator("#enrol-secret").innerText()).replace(/\s/g, "");
}

test("a one-time password is set up, asked for, and turned off again", { tag: ["@core", "@own"] }, async ({ page, anotherBrowser }) => {
  test.setTimeout(150_000);
  const person = await createOwner();
  await openAccount(page, person, "/account/one-time-password");
  if (await page.locator("#current-password").isVisible()) {
    await page.locator("#current-password").fill(person.password);
    await page.locator("#enrol-start").click();
  }
  const secret = await secretOn(page);
  await page.locator("#otp").fill(wrongTOTP(secret));
  await page.locator("#enrol-confirm").click();
  await expect(page.locator("#otp-problem")).toBeVisible();
  expect(await secretOn(page)).toBe(secret);
  await freshStep(4);
  const confirmedIn = currentStep();
  const confirmed = totp(secret);
  await page.locator("#otp").fill(confirmed);
  await page.locator("#enrol-confirm").click();
  await expect(page.locator("#otp-disable")).toBeVisible();

  const elsewhere = await anotherBrowser();
  await openSignIn(elsewhere, world.shop);
  await enterPassword(elsewhere, person);
  await expectScreen(elsewhere, "/login/otp");
  // The code that confirmed it is used up.
  await enterOTP(elsewhere, confirmed);
  await expect(elsewhere.locator("#otp-problem")).toBeVisible();
  await nextStep(confirmedIn);
  const signedInIn = currentStep();
  await enterOTP(elsewhere, totp(secret));
  await expectScreen(elsewhere, "/consent");

  await nextStep(signedInIn);
  await page.locator("#otp").fill(totp(secret));
  await page.locator("#otp-disable").click();
  await expect(page.locator("#otp-disable")).toHaveCount(0);
  const without = await anotherBrowser();
  await openSignIn(without, world.shop);
  await enterPassword(without, person);
  await expectScreen(without, "/consent");
});

test("whoever has to have one sets it up before going on", { tag: ["@core", "@own"] }, async ({ page, reader }) => {
  const person = await createOwner();
  await enforceOTP(person);
  await page.goto(reader.requestURL());
  await enterPassword(page, person);
  await expectScreen(page, "/login/enrol");
  // No way round it.
  for (const path of ["/account", "/account/sessions"]) {
    await page.goto(issuerURL(path));
    await expectScreen(page, "/login/enrol");
  }
  const silent = await page.goto(reader.requestURL({ prompt: "none" }));
  expect(new URL(silent?.url() ?? "").searchParams.get("error")).toBe("interaction_required");

  await page.goto(reader.requestURL());
  await expectScreen(page, "/login/enrol");
  if (await page.locator("#current-password").isVisible()) {
    await page.locator("#current-password").fill(person.password);
    await page.locator("#enrol-start").click();
  }
  const secret = await secretOn(page);
  await freshStep(4);
  await page.locator("#otp").fill(totp(secret));
  await page.locator("#enrol-confirm").click();
  await expectScreen(page, "/consent");
  await page.locator("#consent-allow").click();
  const { parameters } = await reader.delivered(page);
  expect(await reader.redeem(parameters.code)).toMatchObject({
    sub: person.id,
    acr: "urn:gatehouse:acr:otp",
    amr: expect.arrayContaining(["otp"]),
  });
});

test("whoever has to have one but may not is told whom to ask", async ({ page, person, reader }) => {
  test.skip(world.own, "here people may change their own row");
  await enforceOTP(person);
  await page.goto(reader.requestURL());
  await enterPassword(page, person);
  await expectScreen(page, "/login/enrol");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(words("enrol.blocked"));
  await expect(page.locator("#otp")).toHaveCount(0);
  await page.locator("#login-deny").click();
  const { parameters } = await reader.delivered(page);
  expect(parameters).toMatchObject({ error: "access_denied", state: "a state" });
});
