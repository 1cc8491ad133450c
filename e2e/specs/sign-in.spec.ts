import { allow, enterPassword, expectAccount, expectScreen, openSignIn } from "./support/pages";
import { expect, test } from "./support/test";
import { words } from "./support/words";
import { world } from "./support/world";

const refused = words("login.problem.refused");

test("a protected page leads to sign-in and back to where the person was", { tag: "@core" }, async ({ page, person }) => {
  await page.goto(`${world.shop.url}/account?tab=orders`);
  await expectScreen(page, "/login");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(words("login.heading", { App: world.shop.name }));
  await expect(page.locator("#username")).toBeFocused();
  await enterPassword(page, person);

  await expectScreen(page, "/consent");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(words("consent.heading", { App: world.shop.name }));
  await allow(page);

  await expect(page).toHaveURL(`${world.shop.url}/account?tab=orders`);
  await expectAccount(page, world.shop, person);
  await expect(page.locator("#user-first-name")).toHaveText(person.firstName);
  await expect(page.locator("#user-last-name")).toHaveText(person.lastName);
  const whoami = await page.request.get(`${world.shop.url}/api/whoami`);
  expect((await whoami.json()).userinfo).toMatchObject({ sub: person.id, email: person.email });
});

test("scripts in the browser find no token", async ({ page, context, person }) => {
  await openSignIn(page, world.shop);
  await enterPassword(page, person);
  await allow(page);
  await expectAccount(page, world.shop, person);

  const session = await page.evaluate(async () => (await fetch("/api/auth/session")).json());
  expect(Object.keys(session).sort()).toEqual(["expires", "user"]);
  expect(await page.evaluate(() => ({ ...localStorage, ...sessionStorage }))).toEqual({});
  const cookies = await context.cookies();
  const readable = cookies.filter((cookie) => !cookie.httpOnly);
  // What the frame of session management compares, which opens nothing.
  expect(readable.map((cookie) => cookie.name)).toEqual(["gatehouse_browser_state"]);
  for (const hidden of cookies.filter((cookie) => cookie.httpOnly)) expect(hidden.value).not.toContain(readable[0].value);
});

test("a wrong password is refused on the same page", { tag: "@core" }, async ({ page, person }) => {
  await openSignIn(page, world.shop);
  const address = page.url();
  const answer = page.waitForResponse((response) => response.request().method() === "POST");
  await enterPassword(page, { ...person, password: "certainly wrong" });

  const summary = page.getByRole("alert");
  await expect(summary).toContainText(refused);
  await expect(summary).toBeFocused();
  await expect(page).toHaveURL(address);
  await expect(page).toHaveTitle(new RegExp(`^${words("page.problem")}: `));
  expect(await (await answer).text()).not.toContain("certainly wrong");
  await expect(page.locator("#password")).toHaveValue("");
  await expect(page.locator("#username")).toHaveValue(person.email);
  await summary.getByRole("link", { name: refused }).click();
  await expect(page.locator("#username")).toBeFocused();

  await enterPassword(page, person);
  await allow(page);
  await expectAccount(page, world.shop, person);
});

test("a suspended, an unknown and a mistaken person read the same", { tag: "@core" }, async ({ page, person }) => {
  const { suspended } = world.people;
  const attempts = [
    { email: person.email, password: "certainly wrong" },
    { email: suspended.email, password: suspended.password },
    { email: suspended.email, password: "certainly wrong" },
    { email: "nobody@example.com", password: "certainly wrong" },
  ];
  const seen: { status: number; html: string }[] = [];
  for (const attempt of attempts) {
    await openSignIn(page, world.shop);
    const answer = page.waitForResponse((response) => response.request().method() === "POST");
    await enterPassword(page, attempt);
    await expect(page.getByRole("alert")).toContainText(refused);
    const html = (await (await answer).text()).replaceAll(attempt.email, "E-MAIL");
    seen.push({ status: (await answer).status(), html: html.replace(/request=[^"&]+/g, "request=…") });
  }
  for (const other of seen.slice(1)) expect(other).toEqual(seen[0]);
});

test("what is missing is said beside the field", async ({ page }) => {
  await openSignIn(page, world.shop);
  await page.locator("#login-submit").click();

  await expect(page.getByRole("alert")).toBeFocused();
  for (const [field, problem] of [
    ["#username", "login.problem.email_missing"],
    ["#password", "login.problem.password_missing"],
  ]) {
    await expect(page.locator(field)).toHaveAttribute("aria-invalid", "true");
    await expect(page.locator(field)).toHaveAccessibleDescription(words(problem));
  }
  await page.getByRole("alert").getByRole("link", { name: words("login.problem.password_missing") }).click();
  await expect(page.locator("#password")).toBeFocused();
});

test("going back to the app signs nobody in", async ({ page }) => {
  await openSignIn(page, world.shop);
  await page.locator("#login-deny").click();
  await expect(page.locator("#sign-in-problem")).toBeVisible();
  await page.locator("#try-again").click();
  await expectScreen(page, "/login");
});

test("the password can be shown, and is sent hidden", async ({ page, person }) => {
  await openSignIn(page, world.shop);
  await page.locator("#password").fill(person.password);
  await page.getByRole("button", { name: words("login.reveal_label") }).click();
  await expect(page.locator("#password")).toHaveAttribute("type", "text");
  await expect(page.locator("#password")).toBeFocused();
  await page.getByRole("button", { name: words("login.hide_label") }).click();
  await expect(page.locator("#password")).toHaveAttribute("type", "password");
});

test("a long password never runs under the button that shows it", async ({ page }) => {
  await openSignIn(page, world.shop);
  for (const state of ["fresh", "refused"]) {
    if (state === "refused") {
      await page.locator("#login-submit").click();
      await page.getByRole("alert").waitFor();
    }
    for (const direction of ["ltr", "rtl"]) {
      const overlap = await page.evaluate((dir) => {
        document.documentElement.dir = dir;
        const input = document.getElementById("password") as HTMLInputElement;
        const button = document.querySelector("[data-reveal]") as HTMLElement;
        const [field, label, style] = [input.getBoundingClientRect(), button.getBoundingClientRect(), getComputedStyle(input)];
        const left = field.left + Number.parseFloat(style.paddingLeft);
        const right = field.right - Number.parseFloat(style.paddingRight);
        return Math.min(right, label.right) - Math.max(left, label.left);
      }, direction);
      expect(overlap, `${state}, ${direction}`).toBeLessThanOrEqual(0);
    }
  }
});
