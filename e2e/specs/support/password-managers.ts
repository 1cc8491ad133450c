import { expect, type Page } from "@playwright/test";

// What password managers go by (HTML, "autofill"): each kind of form has its
// tokens, a user name beside every password, and one button that sends it.

const kinds = ["username", "current-password", "new-password", "one-time-code", "given-name", "family-name"];

/** Holds every form of the page to what password managers need. */
export async function expectForPasswordManagers(page: Page, screen: string): Promise<void> {
  const forms = await page.locator("form[method=post]").evaluateAll((all) =>
    all.map((form) => ({
      fields: [...form.querySelectorAll("input")]
        .filter(({ type }) => type === "text" || type === "password" || type === "email")
        .map(({ type, autocomplete }) => ({ type, autocomplete })),
      submits: [...form.querySelectorAll("button.primary[type=submit]")].length,
    })),
  );
  for (const { fields, submits } of forms) {
    for (const { type, autocomplete } of fields) {
      expect(kinds, `${screen}: what a field is`).toContain(autocomplete);
      if (type === "password") expect(["current-password", "new-password"]).toContain(autocomplete);
    }
    if (!fields.some(({ type }) => type === "password")) continue;
    expect(
      fields.filter(({ autocomplete }) => autocomplete === "username"),
      `${screen}: the user name beside the password`,
    ).toHaveLength(1);
    expect(submits, `${screen}: one button that sends the password`).toBe(1);
  }
}
