import { allow, enterPassword, expectAccount, expectScreen, openSignIn } from "./support/pages";
import { expect, test } from "./support/test";
import { words } from "./support/words";
import { world } from "./support/world";

test.use({ javaScriptEnabled: false });

test("sign-in, consent and sign-out need no script", { tag: "@core" }, async ({ page, person }) => {
  await openSignIn(page, world.shop);
  await expect(page.getByRole("button", { name: words("login.reveal_label") })).toBeHidden();
  await enterPassword(page, { ...person, password: "certainly wrong" });
  await expect(page.getByRole("alert")).toContainText(words("login.problem.refused"));
  await enterPassword(page, person);
  await expectScreen(page, "/consent");
  await allow(page);
  await expectAccount(page, world.shop, person);
  await page.locator("#sign-out").click();
  await expect(page.locator("#signed-out")).toBeVisible();
});

test("form_post has a button for those without scripts", { tag: "@core" }, async ({ page, person, reader }) => {
  await page.goto(reader.requestURL({ response_mode: "form_post" }));
  await enterPassword(page, person);
  await allow(page);
  await page.locator("#form-post-submit").click();
  const { method, parameters } = await reader.delivered(page);
  expect(method).toBe("POST");
  expect(await reader.redeem(parameters.code)).toMatchObject({ sub: person.id });
});
