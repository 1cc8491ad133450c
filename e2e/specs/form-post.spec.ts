import { allow, enterPassword, expectScreen } from "./support/pages";
import { expect, test } from "./support/test";
import { world } from "./support/world";

// The page posts to another site, under a Content-Security-Policy whose
// form-action has to name it; test.ts counts violations.

test("form_post delivers the code in the body", { tag: "@core" }, async ({ page, person, reader }) => {
  await page.goto(reader.requestURL({ response_mode: "form_post" }));
  await enterPassword(page, person);
  await allow(page);
  const { method, parameters } = await reader.delivered(page);
  expect(method).toBe("POST");
  expect(page.url()).toBe(reader.redirectURI);
  expect(Object.keys(parameters).sort()).toEqual(["code", "iss", "session_state", "state"]);
  expect(parameters).toMatchObject({ state: "a state", iss: world.issuer });
  expect(await reader.redeem(parameters.code)).toMatchObject({ sub: person.id });
});

test("form_post delivers errors as well", async ({ page, person, reader }) => {
  await page.goto(reader.requestURL({ response_mode: "form_post", prompt: "none" }));
  expect(await reader.delivered(page)).toMatchObject({ method: "POST", parameters: { error: "login_required", state: "a state" } });

  await page.goto(reader.requestURL({ response_mode: "form_post" }));
  await enterPassword(page, person);
  await expectScreen(page, "/consent");
  await page.locator("#consent-deny").click();
  expect(await reader.delivered(page)).toMatchObject({ method: "POST", parameters: { error: "access_denied", iss: world.issuer } });
});

test("values that look like markup arrive as they were", async ({ page, reader }) => {
  const state = `"><script>alert(1)</script>&amp;'`;
  await page.goto(reader.requestURL({ response_mode: "form_post", prompt: "none", state }));
  expect((await reader.delivered(page)).parameters.state).toBe(state);
});

test("fragment delivers behind the hash", async ({ page, reader }) => {
  await page.goto(reader.requestURL({ response_mode: "fragment", prompt: "none" }));
  await reader.delivered(page);
  expect(new URL(page.url()).hash).toContain("error=login_required");
});

test("an app may send its request by POST from its own site", async ({ page, person, reader }) => {
  const request = new URL(reader.requestURL());
  await page.goto(reader.origin);
  await page.evaluate(({ action, fields }) => {
    const form = document.createElement("form");
    form.method = "post";
    form.action = action;
    for (const [name, value] of fields) {
      const input = document.createElement("input");
      input.name = name;
      input.value = value;
      form.append(input);
    }
    document.body.append(form);
    form.submit();
  }, { action: request.origin + request.pathname, fields: [...request.searchParams] });
  await enterPassword(page, person);
  await allow(page);
  expect((await reader.delivered(page)).parameters.code).toBeTruthy();
});
