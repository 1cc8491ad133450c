import { createPerson, newPerson, personByEmail, setStatus } from "./support/directus";
import { linkFor, mailsTo } from "./support/mail";
import { allow, enterPassword, expectAccount, expectScreen, openRegister, openSignIn, register } from "./support/pages";
import { expect, test } from "./support/test";
import { words } from "./support/words";
import { issuerURL, world } from "./support/world";

for (const scripts of [true, false]) {
  test(`a new person registers, proves the address and is back at the app, ${scripts ? "with" : "without"} scripts`, { tag: "@core" }, async ({ anotherBrowser }) => {
    const page = await anotherBrowser({ javaScriptEnabled: scripts, locale: "en-GB" });
    const person = newPerson();
    await openRegister(page, world.shop);
    await register(page, person);
    await expectScreen(page, "/register/done");
    await expect(page.locator("main")).toContainText(person.email);
    expect(await personByEmail(person.email)).toMatchObject({ status: "unverified", role: world.directus.customerRole });

    const link = await linkFor(person.email, "/verify-email");
    // Mail scanners follow links: that must spend nothing.
    for (let visit = 0; visit < 2; visit++) expect((await fetch(link)).status).toBe(200);
    expect(await personByEmail(person.email)).toMatchObject({ status: "unverified" });

    const seen = await page.goto(link);
    expect(seen?.headers()["referrer-policy"]).toBe("no-referrer");
    await page.locator("#verify-submit").click();
    // Nobody is signed in by a mail.
    await expectScreen(page, "/login");
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(words("login.heading", { App: world.shop.name }));
    await enterPassword(page, person);
    await allow(page);
    const made = await personByEmail(person.email);
    await expectAccount(page, world.shop, { ...person, id: String(made?.id) });
    const whoami = await page.request.get(`${world.shop.url}/api/whoami`);
    expect((await whoami.json()).userinfo).toMatchObject({ email: person.email, email_verified: true, given_name: person.firstName });
  });
}

test("an app can ask for the registration page", { tag: "@core" }, async ({ page, reader }) => {
  await page.goto(reader.requestURL({ prompt: "create" }));
  await expectScreen(page, "/register");
  await page.locator("#register-sign-in").click();
  await expectScreen(page, "/login");
  await page.locator("#login-register").click();
  await expectScreen(page, "/register");
});

test("a known address gets the same answer, and no new account", async ({ page, anotherBrowser, person }) => {
  const answers: string[] = [];
  for (const email of [person.email, newPerson().email]) {
    const browser = await anotherBrowser();
    await openRegister(browser, world.shop);
    await register(browser, { ...person, email });
    await expectScreen(browser, "/register/done");
    answers.push((await browser.locator("main").innerText()).replaceAll(email, "somebody"));
  }
  expect(answers[0]).toBe(answers[1]);
  // The first password stays, and nobody who was active is asked to verify.
  await openSignIn(page, world.shop);
  await enterPassword(page, person);
  await expectScreen(page, "/consent");
  expect(await mailsTo(person.email)).toEqual([]);
});

test("what is wrong stands beside its field, and nothing typed is lost but the password", async ({ page }) => {
  const person = newPerson("Ada".repeat(20), "Lovelace");
  await openRegister(page, world.shop);
  await register(page, { ...person, email: "no address", password: "" });
  await expectScreen(page, "/register");
  await expect(page.getByRole("alert")).toBeFocused();
  for (const field of ["given-name", "username", "new-password"]) {
    await expect(page.locator(`#${field}-problem`)).toBeVisible();
    await expect(page.locator(`#${field}`)).toHaveAttribute("aria-invalid", "true");
  }
  await expect(page.locator("#username")).toHaveValue("no address");
  await expect(page.locator("#family-name")).toHaveValue("Lovelace");
});

test("the mail can be sent again", async ({ page }) => {
  const person = newPerson();
  await openRegister(page, world.shop);
  await register(page, person);
  await linkFor(person.email, "/verify-email");
  await page.locator("#register-resend").click();
  await linkFor(person.email, "/verify-email", 2);
});

test("used, damaged and missing links each have a way on", async ({ page, anotherBrowser }) => {
  const person = newPerson();
  await openRegister(page, world.shop);
  await register(page, person);
  const link = await linkFor(person.email, "/verify-email");
  await page.goto(link);
  await page.locator("#verify-submit").click();
  await expectScreen(page, "/login");
  // Again, and in a browser that knows nothing of the request.
  const elsewhere = await anotherBrowser();
  for (const address of [link, link.replace(/token=[^&]+/, "token=mangled"), issuerURL("/verify-email")]) {
    await elsewhere.goto(address);
    if (await elsewhere.locator("#verify-submit").isVisible()) await elsewhere.locator("#verify-submit").click();
    await expect(elsewhere.locator("main a, main button").first()).toBeVisible();
    expect(await elsewhere.locator("main").innerText()).not.toContain("mangled");
  }
});

test("somebody who is signed in is sent on", async ({ page, person, reader }) => {
  await openSignIn(page, world.shop);
  await enterPassword(page, person);
  await allow(page);
  await expectAccount(page, world.shop, person);
  await page.goto(reader.requestURL({ prompt: "create" }));
  await expectScreen(page, "/consent");
  await page.goto(issuerURL("/register"));
  await expectScreen(page, "/account");
});

test("a suspended person looks like any other at registration", async ({ page }) => {
  const suspended = await createPerson();
  await setStatus(suspended, "suspended");
  await openRegister(page, world.shop);
  await register(page, suspended);
  await expectScreen(page, "/register/done");
  expect(await personByEmail(suspended.email)).toMatchObject({ status: "suspended" });
});
