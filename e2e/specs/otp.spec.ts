import { enterOTP, enterPassword, expectScreen } from "./support/pages";
import { expect, test } from "./support/test";
import { currentStep, freshStep, totp, wrongTOTP } from "./support/totp";
import { words } from "./support/words";
import { world } from "./support/world";

const { otp } = world.people;

// They share one person, whose codes work once.
test.describe.configure({ mode: "serial" });

test("a wrong code is refused, a right one works once", { tag: "@core" }, async ({ page, reader, anotherBrowser }) => {
  const onlooker = await anotherBrowser();
  for (const each of [page, onlooker]) {
    await each.goto(reader.requestURL({ acr_values: "urn:gatehouse:acr:otp" }));
    await enterPassword(each, otp);
    await expectScreen(each, "/login/otp");
  }
  await freshStep(15);
  const step = currentStep();

  await expect(page.locator("#otp")).toBeFocused();
  await enterOTP(page, wrongTOTP(otp.otpSecret));
  await expect(page.getByRole("alert")).toBeFocused();
  await expect(page.locator("#otp")).toHaveAccessibleDescription(new RegExp(words("otp.problem.refused")));
  await expect(page.locator("#otp")).toHaveValue("");

  const code = totp(otp.otpSecret);
  await enterOTP(page, `${code.slice(0, 3)} ${code.slice(3)}`);
  await expectScreen(page, "/consent");

  // Whoever saw it typed knows the password too, in the worst case.
  await enterOTP(onlooker, code);
  await expect(onlooker.getByRole("alert")).toContainText(words("otp.problem.refused"));
  expect(currentStep(), "all within the life of one code, or Directus refused it, not we").toBe(step);

  await page.locator("#consent-allow").click();
  const { parameters } = await reader.delivered(page);
  const claims = await reader.redeem(parameters.code);
  expect(claims).toMatchObject({ sub: otp.id, acr: "urn:gatehouse:acr:otp", amr: ["pwd", "otp", "mfa"] });
});

test("what is no code is not sent to Directus", async ({ page, reader }) => {
  await page.goto(reader.requestURL());
  await enterPassword(page, otp);
  await enterOTP(page, "12345");
  await expect(page.getByRole("alert")).toContainText(words("otp.problem.form"));
  await page.locator("#otp-back").click();
  await expectScreen(page, "/login");
  await expect(page.locator("#username")).toHaveValue("");
});

test("the code page without a password before it leads back", async ({ page, reader }) => {
  await page.goto(reader.requestURL());
  await expectScreen(page, "/login");
  await page.goto(page.url().replace("/login?", "/login/otp?"));
  await expectScreen(page, "/login");
  await expect(page.getByRole("alert")).toContainText(words("login.problem.otp_expired"));
});
