import type { Page } from "@playwright/test";
import { expectAccessible, expectReflow } from "./support/accessibility";
import { allScreens as screens } from "./support/all-screens";
import { expectForPasswordManagers } from "./support/password-managers";
import { ariaOf } from "./support/still";
import { expect, test } from "./support/test";
import { words } from "./support/words";
import { world } from "./support/world";

const looks = [
  { name: "desktop-light", colorScheme: "light", width: 1280, height: 800 },
  { name: "desktop-dark", colorScheme: "dark", width: 1280, height: 800 },
  { name: "phone-light", colorScheme: "light", width: 390, height: 760 },
  { name: "phone-dark", colorScheme: "dark", width: 390, height: 760 },
] as const;

/** Kept beside the results of the run, for people to look at. */
async function picture(page: Page, screen: string, look: string): Promise<void> {
  await page.screenshot({ path: `test-results/${world.store}/screens/${screen}.${look}.png`, fullPage: true });
}

for (const { name, heading, open } of screens) {
  test(`${name} is accessible and fits`, { tag: "@screens" }, async ({ page, person, reader, anotherBrowser }) => {
    await open({ page, person, reader, anotherBrowser });
    // The app's name is in some of them; what stands before it is enough.
    await expect(page.getByRole("heading", { level: 1 })).toContainText(words(heading, { App: "\0", Project: world.project }).split("\0")[0]);
    expect(await ariaOf(page)).toMatchSnapshot(`${name}.yml`);
    await expectForPasswordManagers(page, name);
    for (const look of looks) {
      await page.emulateMedia({ colorScheme: look.colorScheme });
      await page.setViewportSize({ width: look.width, height: look.height });
      await expectAccessible(page, look.name);
      await picture(page, name, look.name);
    }
    await expectReflow(page, "left to right");
    await page.evaluate(() => (document.documentElement.dir = "rtl"));
    await expectReflow(page, "right to left");
    await page.emulateMedia({ colorScheme: "light" });
    await page.setViewportSize({ width: 390, height: 760 });
    await picture(page, name, "phone-rtl");
  });
}

for (const name of ["sign-in-refused", "consent", "account-chooser", "error-of-a-known-app"]) {
  test(`${name} fits in German`, { tag: "@screens" }, async ({ anotherBrowser, person, reader }) => {
    const page = await anotherBrowser({ locale: "de-DE", viewport: { width: 390, height: 760 } });
    await screens.find((screen) => screen.name === name)?.open({ page, person, reader, anotherBrowser });
    await expect(page.locator("html")).toHaveAttribute("lang", "de");
    await picture(page, name, "phone-german");
    await expectReflow(page, "German");
  });
}
