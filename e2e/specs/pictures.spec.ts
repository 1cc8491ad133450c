import { allScreens as screens } from "./support/all-screens";
import { hold } from "./support/still";
import { expect, test } from "./support/test";

// Pictures of the screens that have a form of their own, compared with those of
// snapshots/. Fonts are pinned (support/fonts.conf). One pixel in fifty may
// differ: versions of the browser draw edges differently. What assistive
// technology reads is compared to the letter, for every screen, by screens.spec.ts.
const tolerance = { maxDiffPixelRatio: 0.02, animations: "disabled", caret: "hide" } as const;

const compared = [
  "sign-in",
  "sign-in-refused",
  "one-time-password",
  "consent",
  "consent-to-single-claims",
  "signing-out",
  "register",
  "register-refused",
  "reset-ask",
  "reset-new-password",
  "verify",
  "enrol",
  "account",
  "account-sessions",
  "account-apps",
  "account-apps-to-open",
  "error-expired",
];

const looks = [
  { name: "desktop-light", colorScheme: "light", width: 1280, height: 800, direction: "ltr" },
  { name: "desktop-dark", colorScheme: "dark", width: 1280, height: 800, direction: "ltr" },
  { name: "phone-light", colorScheme: "light", width: 390, height: 760, direction: "ltr" },
  { name: "phone-dark-rtl", colorScheme: "dark", width: 390, height: 760, direction: "rtl" },
] as const;

for (const name of compared) {
  test(`${name} looks as it did`, { tag: "@pictures" }, async ({ page, person, reader, anotherBrowser }) => {
    const screen = screens.find((candidate) => candidate.name === name);
    if (!screen) throw new Error(`There is no screen ${name}.`);
    await screen.open({ page, person, reader, anotherBrowser });
    await hold(page);
    for (const look of looks) {
      await page.emulateMedia({ colorScheme: look.colorScheme });
      await page.setViewportSize({ width: look.width, height: look.height });
      await page.evaluate((direction) => (document.documentElement.dir = direction), look.direction);
      await expect(page).toHaveScreenshot(`${name}.${look.name}.png`, { ...tolerance, fullPage: true });
    }
  });
}
