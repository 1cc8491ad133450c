import type { Page } from "@playwright/test";
import { createPerson } from "./directus";
import { allow, enterOTP, enterPassword, expectScreen, openSignIn, signIn } from "./pages";
import { signInAtPortal, signOutURL, stayAtSigningOut } from "./portal";
import type { RelyingParty } from "./relying-party";
import { issuerURL, type Person, world } from "./world";

/** What a screen may need to be reached. */
export interface Stage {
  page: Page;
  person: Person;
  reader: RelyingParty;
  anotherBrowser: () => Promise<Page>;
}

export interface Screen {
  name: string;
  heading: string; // key of the words in its h1
  open: (stage: Stage) => Promise<void>;
}

/** Every screen and every state that looks different, and the way to it. */
export const screens: Screen[] = [
  { name: "sign-in", heading: "login.heading", open: ({ page }) => openSignIn(page, world.shop) },
  { name: "sign-in-of-an-app-with-a-logo", heading: "login.heading", open: ({ page }) => openSignIn(page, world.club) },
  {
    name: "sign-in-refused",
    heading: "login.heading",
    open: async ({ page, person }) => {
      await openSignIn(page, world.shop);
      await enterPassword(page, { ...person, password: "certainly wrong" });
      await page.getByRole("alert").waitFor();
    },
  },
  {
    name: "sign-in-with-nothing-filled-in",
    heading: "login.heading",
    open: async ({ page }) => {
      await openSignIn(page, world.shop);
      await page.locator("#login-submit").click();
      await page.getByRole("alert").waitFor();
    },
  },
  {
    name: "sign-in-again",
    heading: "login.heading",
    open: async ({ page, person, reader }) => {
      await signIn(page, world.shop, person);
      await page.goto(reader.requestURL({ prompt: "login" }));
      await expectScreen(page, "/login");
    },
  },
  { name: "one-time-password", heading: "otp.heading", open: openOTP },
  {
    name: "one-time-password-refused",
    heading: "otp.heading",
    open: async (stage) => {
      await openOTP(stage);
      await enterOTP(stage.page, "123");
      await stage.page.getByRole("alert").waitFor();
    },
  },
  {
    name: "account-chooser",
    heading: "select.heading",
    open: async ({ page, person, reader }) => {
      const longNamed = await createPerson("Maximiliane-Theodora", "von-und-zu-Hohenlohe-Langenburg");
      await signIn(page, world.shop, person);
      await page.goto(reader.requestURL({ prompt: "login" }));
      await enterPassword(page, longNamed);
      await expectScreen(page, "/consent");
      await page.goto(reader.requestURL({ prompt: "select_account" }));
      await expectScreen(page, "/select-account");
    },
  },
  {
    name: "consent",
    heading: "consent.heading",
    open: async ({ page, person }) => {
      await openSignIn(page, world.club);
      await enterPassword(page, person);
      await expectScreen(page, "/consent");
    },
  },
  {
    name: "consent-to-everything",
    heading: "consent.heading",
    open: async ({ page, person, reader }) => {
      await page.goto(reader.requestURL({ scope: "openid profile email phone address offline_access", prompt: "consent" }));
      await enterPassword(page, person);
      await expectScreen(page, "/consent");
    },
  },
  {
    name: "consent-to-single-claims",
    heading: "consent.heading",
    open: async ({ page, person, reader }) => {
      const claims = JSON.stringify({ userinfo: { given_name: null, picture: null, locale: null, email: { essential: true } } });
      await page.goto(reader.requestURL({ scope: "openid", claims }));
      await enterPassword(page, person);
      await expectScreen(page, "/consent");
    },
  },
  {
    name: "consent-changed",
    heading: "consent.heading",
    open: async ({ page, person }) => {
      await openSignIn(page, world.shop);
      await enterPassword(page, person);
      await expectScreen(page, "/consent");
      await page.locator("input[name=digest]").evaluate((input: HTMLInputElement) => (input.value = "of something else"));
      await allow(page);
      await page.getByRole("alert").waitFor();
    },
  },
  {
    name: "sign-out",
    heading: "logout.heading",
    open: async ({ page, person }) => {
      await signIn(page, world.shop, person);
      await page.goto(issuerURL("/logout?client_id=shop"));
    },
  },
  {
    name: "signing-out",
    heading: "signing_out.heading",
    open: async ({ page, person }) => {
      const { idToken } = await signInAtPortal(page, person);
      await stayAtSigningOut(page);
      await page.goto(signOutURL(idToken), { waitUntil: "commit" });
      await page.locator("#signing-out-continue").waitFor();
    },
  },
  {
    name: "still-signed-in",
    heading: "logged_out.kept",
    open: async ({ page, person }) => {
      await signIn(page, world.shop, person);
      await page.goto(issuerURL("/logout?client_id=shop"));
      await page.locator("#logout-cancel").click();
    },
  },
  {
    name: "signed-out",
    heading: "logged_out.heading",
    open: async ({ page }) => {
      await page.goto(issuerURL("/logout?client_id=shop"));
      await expectScreen(page, "/logged-out");
    },
  },
  {
    name: "form-post",
    heading: "form_post.heading",
    open: async ({ page, reader }) => {
      await page.route(/submit[^/]*\.js/, (route) => route.abort());
      await page.goto(reader.requestURL({ response_mode: "form_post", prompt: "none" }));
    },
  },
  {
    name: "error-of-an-unknown-app",
    heading: "error.request.heading",
    open: async ({ page }) => {
      await page.goto(issuerURL("/authorize?client_id=nobody&response_type=code"));
    },
  },
  {
    name: "error-of-a-known-app",
    heading: "error.request.heading",
    open: async ({ page, reader }) => {
      await page.goto(reader.requestURL({ client_id: "shop", redirect_uri: "https://elsewhere.example/callback" }));
    },
  },
  {
    name: "error-expired",
    heading: "error.expired.heading",
    open: async ({ page, reader }) => {
      await page.goto(reader.requestURL());
      await expectScreen(page, "/login");
      const address = page.url();
      await page.locator("#login-deny").click();
      await reader.delivered(page);
      await page.goto(address);
    },
  },
  {
    name: "error-other-browser",
    heading: "error.other_browser.heading",
    open: async ({ page, anotherBrowser }) => {
      const elsewhere = await anotherBrowser();
      await openSignIn(elsewhere, world.shop);
      await page.goto(elsewhere.url());
    },
  },
  {
    name: "error-too-many-failures",
    heading: "error.exhausted.heading",
    open: async ({ page }) => {
      await openSignIn(page, world.shop);
      const form = { username: "nobody.at.all@example.com", password: "certainly wrong", action: "sign-in" };
      for (let attempt = 0; attempt < 30; attempt++) {
        if ((await page.request.post(page.url(), { form })).status() === 429) break;
      }
      await enterPassword(page, { email: form.username, password: form.password });
    },
  },
  {
    name: "error-not-found",
    heading: "error.not_found.heading",
    open: async ({ page }) => {
      await page.goto(issuerURL("/nowhere"));
    },
  },
];

async function openOTP({ page, reader }: Stage): Promise<void> {
  await page.goto(reader.requestURL());
  await enterPassword(page, world.people.otp);
  await expectScreen(page, "/login/otp");
}
