import type { Page } from "@playwright/test";
import { allScreens as screens } from "./support/all-screens";
import { expect, test } from "./support/test";

// What password managers go by (HTML, "autofill"): each kind of form has its
// tokens, a user name beside every password, and one button that sends it.

interface Field {
  type: string;
  autocomplete: string;
}

interface Form {
  fields: Field[];
  submits: number;
}

async function forms(page: Page): Promise<Form[]> {
  return page.locator("form[method=post]").evaluateAll((all) =>
    all.map((form) => ({
      fields: [...form.querySelectorAll("input")]
        .filter(({ type }) => type !== "hidden" && type !== "checkbox" && type !== "file")
        .map(({ type, autocomplete }) => ({ type, autocomplete })),
      submits: [...form.querySelectorAll("button.primary[type=submit]")].length,
    })),
  );
}

for (const { name, open } of screens) {
  test(`${name} tells password managers what its fields are`, { tag: "@screens" }, async ({ page, person, reader, anotherBrowser }) => {
    await open({ page, person, reader, anotherBrowser });
    for (const { fields, submits } of await forms(page)) {
      for (const { type, autocomplete } of fields) {
        expect(autocomplete, `a field of ${name} without a token`).not.toBe("");
        expect(autocomplete, `autocomplete of a field of ${name}`).not.toBe("off");
        if (type === "password") expect(["current-password", "new-password"]).toContain(autocomplete);
      }
      const passwords = fields.filter(({ type }) => type === "password");
      if (passwords.length === 0) continue;
      expect(fields.filter(({ autocomplete }) => autocomplete === "username"), `${name}: the user name beside the password`).toHaveLength(1);
      expect(submits, `${name}: one button that sends the password`).toBe(1);
    }
  });
}
