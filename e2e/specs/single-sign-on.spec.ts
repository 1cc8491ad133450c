import { createPerson } from "./support/directus";
import { allow, enterPassword, expectAccount, expectScreen, openSignIn, signIn } from "./support/pages";
import { expect, test } from "./support/test";
import { issuerURL, world } from "./support/world";

test("the second app asks for no password", { tag: "@core" }, async ({ page, person }) => {
  await signIn(page, world.shop, person);

  await page.goto(`${world.club.url}/account`);
  await expectScreen(page, "/consent");
  await allow(page);
  await expectAccount(page, world.club, person);
});

test("of two accounts the person picks one", { tag: "@core" }, async ({ page, person, reader }) => {
  const other = await createPerson("Katherine", "Johnson");
  for (const each of [person, other]) {
    await page.goto(reader.requestURL({ prompt: "login" }));
    await page.locator("#username").fill("");
    await enterPassword(page, each);
    await allow(page);
    await reader.delivered(page);
  }

  for (const each of [person, other]) {
    await page.goto(reader.requestURL({ prompt: "select_account" }));
    await expectScreen(page, "/select-account");
    await page.getByRole("button", { name: each.email }).click();
    await expect(page.getByRole("main")).toContainText(each.email);
    await allow(page);
    const { parameters } = await reader.delivered(page);
    expect(await reader.redeem(parameters.code)).toMatchObject({ sub: each.id, nonce: "a nonce" });
  }
  await page.goto(reader.requestURL({ prompt: "select_account" }));
  await page.locator("#select-other").click();
  await expectScreen(page, "/login");
  await expect(page.locator("#username")).toHaveValue("");
});

test("an app can have the password asked for again", async ({ page, person, reader }) => {
  await page.goto(reader.requestURL());
  await enterPassword(page, person);
  await allow(page);
  const first = await reader.redeem((await reader.delivered(page)).parameters.code);

  await page.goto(reader.requestURL({ prompt: "login" }));
  await expectScreen(page, "/login");
  await expect(page.locator("#username")).toHaveValue(person.email);
  await expect(page.locator("#password")).toBeFocused();
  await enterPassword(page, person);
  await allow(page);
  const second = await reader.redeem((await reader.delivered(page)).parameters.code);
  expect(second.sub).toBe(first.sub);
  expect(second.sid).toBe(first.sid);
  expect(second.auth_time).toBeGreaterThanOrEqual(first.auth_time as number);
});

test("an app that may not ask learns who is not signed in", async ({ page, reader }) => {
  await page.goto(reader.requestURL({ prompt: "none" }));
  expect((await reader.delivered(page)).parameters).toMatchObject({ error: "login_required", state: "a state" });
});

test("the address that an app suggests is filled in", async ({ page, person, reader }) => {
  await page.goto(reader.requestURL({ login_hint: person.email }));
  await expect(page.locator("#username")).toHaveValue(person.email);
  await expect(page.locator("#password")).toBeFocused();
});

for (const remember of [true, false]) {
  const name = remember ? "a kept sign-in outlives the browser" : "another ends with the browser";
  test(name, { tag: remember ? "@core" : [] }, async ({ page, context, person, anotherBrowser }) => {
    await openSignIn(page, world.shop);
    await page.locator("#remember").setChecked(remember);
    await enterPassword(page, person);
    await allow(page);
    await expectAccount(page, world.shop, person);

    // What a browser still has after it was closed and opened again.
    const cookies = (await context.cookies(issuerURL("/"))).filter((cookie) => cookie.expires > 0);
    const reopened = await anotherBrowser({ storageState: { cookies, origins: [] } });
    await reopened.goto(`${world.club.url}/account`);
    await expectScreen(reopened, remember ? "/consent" : "/login");
  });
}
