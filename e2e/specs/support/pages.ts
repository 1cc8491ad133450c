import { expect, type Page } from "@playwright/test";
import { type App, issuerURL, type Person } from "./world";

// What a person does on the pages, by the ids that the pages promise.

/** Fills the sign-in page in and sends it. */
export async function enterPassword(page: Page, person: Pick<Person, "email" | "password">): Promise<void> {
  await page.locator("#username").fill(person.email);
  await page.locator("#password").fill(person.password);
  await page.locator("#login-submit").click();
}

/** Opens the registration page of an app, by way of its sign-in page. */
export async function openRegister(page: Page, app: App): Promise<void> {
  await openSignIn(page, app);
  await page.locator("#login-register").click();
  await expectScreen(page, "/register");
}

export async function register(page: Page, person: Omit<Person, "id">): Promise<void> {
  await page.locator("#given-name").fill(person.firstName);
  await page.locator("#family-name").fill(person.lastName);
  await page.locator("#username").fill(person.email);
  await page.locator("#new-password").fill(person.password);
  await page.locator("#register-submit").click();
}

/** Asks for a mail with a link to a new password. */
export async function askForReset(page: Page, email: string): Promise<void> {
  await page.locator("#username").fill(email);
  await page.locator("#reset-submit").click();
  await page.locator("#reset-submit").waitFor({ state: "detached" });
}

/** Sets a password on the page that a mail leads to. */
export async function setPassword(page: Page, password: string): Promise<void> {
  await page.locator("#new-password").fill(password);
  await page.locator("#password-submit").click();
}

/** Opens a page of the person's own account, signing in for it. */
export async function openAccount(page: Page, person: Person, path = "/account"): Promise<void> {
  await page.goto(issuerURL(path));
  await expectScreen(page, "/login");
  await enterPassword(page, person);
  await expectScreen(page, path);
}

export async function enterOTP(page: Page, code: string): Promise<void> {
  await page.locator("#otp").fill(code);
  await page.locator("#otp-submit").click();
}

export async function allow(page: Page): Promise<void> {
  await page.locator("#consent-allow").click();
}

/** Opens a protected page of the app, which leads to the sign-in page. */
export async function openSignIn(page: Page, app: App, path = "/account"): Promise<void> {
  await page.goto(app.url + path);
  await expectScreen(page, "/login");
}

/** Signs in to the app for the first time, and ends on its account page. */
export async function signIn(page: Page, app: App, person: Person): Promise<void> {
  await openSignIn(page, app);
  await enterPassword(page, person);
  await expectScreen(page, "/consent");
  await allow(page);
  await expectAccount(page, app, person);
}

/** The browser is at a page of the provider. */
export async function expectScreen(page: Page, path: string): Promise<void> {
  await expect(page).toHaveURL((url) => url.origin + url.pathname === issuerURL(path));
}

/** The browser is at the app's account page, signed in as the person. */
export async function expectAccount(page: Page, app: App, person: Person): Promise<void> {
  await expect(page).toHaveURL((url) => url.href.startsWith(`${app.url}/account`));
  await expect(page.locator("#user-email")).toHaveText(person.email);
  await expect(page.locator("#user-id")).toHaveText(person.id);
}
