import { createPerson, setStatus } from "./support/directus";
import { linkFor, mailsTo } from "./support/mail";
import { askForReset, enterPassword, expectAccount, expectScreen, openSignIn, setPassword, signIn } from "./support/pages";
import { expect, test } from "./support/test";
import { words } from "./support/words";
import { issuerURL, world } from "./support/world";

for (const scripts of [true, false]) {
  test(`a forgotten password is replaced and every session ends, ${scripts ? "with" : "without"} scripts`, { tag: "@core" }, async ({ anotherBrowser, person }) => {
    const page = await anotherBrowser({ javaScriptEnabled: scripts, locale: "en-GB" });
    const thief = await anotherBrowser();
    await signIn(thief, world.shop, person);

    await openSignIn(page, world.shop);
    await page.locator("#login-forgot").click();
    await expectScreen(page, "/reset-password");
    await askForReset(page, person.email);
    const link = await linkFor(person.email, "/reset-password");
    for (let visit = 0; visit < 2; visit++) expect((await fetch(link)).status).toBe(200); // scanners
    const seen = await page.goto(link);
    expect(seen?.headers()["referrer-policy"]).toBe("no-referrer");
    const changed = { ...person, password: `new ${person.password}` };
    await setPassword(page, changed.password);

    await expectScreen(page, "/login");
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(words("login.heading", { App: world.shop.name }));
    await enterPassword(page, person);
    await expect(page.getByRole("alert")).toContainText(words("login.problem.refused"));
    await enterPassword(page, changed);
    await expectAccount(page, world.shop, person);

    await thief.goto(`${world.club.url}/account`);
    await expectScreen(thief, "/login");
  });
}

test("known, unknown and suspended people get the same answer", async ({ anotherBrowser, person }) => {
  const suspended = await createPerson();
  await setStatus(suspended, "suspended");
  const answers = new Set<string>();
  for (const email of [person.email, suspended.email, "nobody.knows@example.com"]) {
    const page = await anotherBrowser();
    await page.goto(issuerURL("/reset-password"));
    await askForReset(page, email);
    answers.add(`${new URL(page.url()).pathname} ${(await page.locator("main").innerText()).replaceAll(email, "somebody")}`);
  }
  expect([...answers]).toHaveLength(1);
  expect(await mailsTo(suspended.email)).toEqual([]);
});

test("a used link says so and offers a new one", { tag: "@core" }, async ({ page, person }) => {
  await page.goto(issuerURL("/reset-password"));
  await askForReset(page, person.email);
  const link = await linkFor(person.email, "/reset-password");
  await page.goto(link);
  await setPassword(page, `new ${person.password}`);
  await page.goto(link);
  await setPassword(page, "another new password");
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await page.locator("#link-again").click();
  await expectScreen(page, "/reset-password");
  await askForReset(page, person.email);
  await linkFor(person.email, "/reset-password", 2);
});

test("a damaged link says so, one without token leads on", async ({ page }) => {
  await page.goto(issuerURL("/reset-password?token=damaged"));
  await setPassword(page, "another new password");
  await expect(page.locator("#link-again")).toBeVisible();
  await page.goto(issuerURL("/reset-password?token="));
  await expectScreen(page, "/login");
});
