import { createOwner, enforceOTP, invite, newPerson } from "./directus";
import { linkFor } from "./mail";
import { allow, askForReset, enterPassword, expectAccount, expectScreen, openAccount, openRegister, openSignIn, register, setPassword, signIn } from "./pages";
import type { Screen, Stage } from "./screens";
import { issuerURL, world } from "./world";

/** The screens of accounts, and every state of theirs that looks different. */
export const accountScreens: Screen[] = [
  { name: "register", heading: "register.heading", open: ({ page }) => openRegister(page, world.shop) },
  {
    name: "register-refused",
    heading: "register.heading",
    open: async ({ page }) => {
      await openRegister(page, world.shop);
      await register(page, { ...newPerson("", ""), email: "no address", password: "" });
      await page.getByRole("alert").waitFor();
    },
  },
  {
    name: "register-done",
    heading: "mail.heading",
    open: async ({ page }) => {
      await openRegister(page, world.shop);
      await register(page, newPerson());
      await expectScreen(page, "/register/done");
    },
  },
  { name: "verify", heading: "verify.heading", open: async ({ page }) => void (await page.goto(await verificationLink(page))) },
  {
    name: "verify-damaged",
    heading: "link.invalid.heading",
    open: async ({ page }) => {
      await page.goto(issuerURL("/verify-email?token=damaged"));
      await page.locator("#verify-submit").click();
    },
  },
  { name: "reset-ask", heading: "reset.heading", open: async ({ page }) => void (await page.goto(issuerURL("/reset-password"))) },
  {
    name: "reset-asked",
    heading: "mail.heading",
    open: async ({ page }) => {
      await page.goto(issuerURL("/reset-password"));
      await askForReset(page, "nobody.knows@example.com");
    },
  },
  {
    name: "reset-new-password",
    heading: "reset.new.heading",
    open: async ({ page, person }) => void (await page.goto(await resetLink(page, person.email))),
  },
  {
    name: "reset-used",
    heading: "link.used.heading",
    open: async ({ page, person }) => {
      const link = await resetLink(page, person.email);
      for (const password of ["a new password", "another new password"]) {
        await page.goto(link);
        await setPassword(page, password);
      }
    },
  },
  {
    name: "invitation",
    heading: "invitation.heading",
    open: async ({ page }) => {
      const { email } = newPerson();
      await invite(email);
      await page.goto(await linkFor(email, "/accept-invite"));
    },
  },
  {
    name: "enrol",
    heading: "enrol.heading",
    open: async ({ page, reader }) => {
      const person = await createOwner();
      await enforceOTP(person);
      await page.goto(reader.requestURL());
      await enterPassword(page, person);
      await expectScreen(page, "/login/enrol");
    },
  },
  {
    name: "enrol-impossible",
    heading: "enrol.blocked",
    open: async ({ page, person, reader }) => {
      await enforceOTP(person);
      await page.goto(reader.requestURL());
      await enterPassword(page, person);
      await expectScreen(page, "/login/enrol");
    },
  },
  { name: "account", heading: "account.profile", open: ({ page, person }) => openAccount(page, person) },
  {
    name: "account-of-an-owner",
    heading: "account.profile",
    open: async ({ page }) => openAccount(page, await createOwner()),
  },
  {
    name: "account-password-of-an-owner",
    heading: "account.password",
    open: async ({ page }) => {
      await openAccount(page, await createOwner(), "/account/password");
      await page.locator("#password-submit").click();
      await page.locator("#current-password-problem").waitFor();
    },
  },
  {
    name: "account-enrol",
    heading: "account.otp",
    open: async ({ page }) => {
      const person = await createOwner();
      await openAccount(page, person, "/account/one-time-password");
      await page.locator("#current-password").fill(person.password);
      await page.locator("#enrol-start").click();
      await page.locator("#enrol-secret").waitFor();
    },
  },
  {
    name: "sessions-end-all",
    heading: "sessions.end_all",
    open: async ({ page, person }) => {
      await openAccount(page, person, "/account/sessions");
      await page.locator("#sessions-end-all").click();
    },
  },
  { name: "account-password", heading: "account.password", open: ({ page, person }) => openAccount(page, person, "/account/password") },
  {
    name: "account-one-time-password",
    heading: "account.otp",
    open: ({ page, person }) => openAccount(page, person, "/account/one-time-password"),
  },
  { name: "account-sessions", heading: "account.sessions", open: ({ page, person }) => openAccount(page, person, "/account/sessions") },
  { name: "account-apps", heading: "account.apps", open: (stage) => openSection(stage, "/account/apps") },
  {
    name: "account-apps-to-open",
    heading: "account.apps",
    open: async ({ page, person }) => {
      await signIn(page, world.shop, person);
      await page.goto(`${world.club.url}/account`);
      await allow(page);
      await expectAccount(page, world.club, person);
      await page.goto(issuerURL("/account/apps"));
    },
  },
  { name: "account-history", heading: "account.history", open: (stage) => openSection(stage, "/account/history") },
];

async function openSection({ page, person }: Stage, path: string): Promise<void> {
  await signIn(page, world.shop, person);
  await page.goto(issuerURL(path));
  await expectScreen(page, path);
}

async function verificationLink(page: Stage["page"]): Promise<string> {
  const person = newPerson();
  await openRegister(page, world.shop);
  await register(page, person);
  return linkFor(person.email, "/verify-email");
}

async function resetLink(page: Stage["page"], email: string): Promise<string> {
  await openSignIn(page, world.shop);
  await page.locator("#login-forgot").click();
  await askForReset(page, email);
  return linkFor(email, "/reset-password");
}
