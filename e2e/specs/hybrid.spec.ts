import { createHash } from "node:crypto";
import { allow, enterPassword, expectScreen } from "./support/pages";
import { claimsOf } from "./support/relying-party";
import { expect, test } from "./support/test";
import { world } from "./support/world";

// An app that runs in the browser, and has its ID token at once.

const both = { response_type: "code id_token" };

/** OpenID Connect Core 1.0, section 3.3.2.11. */
function halfDigest(value: string): string {
  return createHash("sha256").update(value).digest().subarray(0, 16).toString("base64url");
}

test("code and ID token come behind the hash", async ({ page, person, reader }) => {
  await page.goto(reader.requestURL(both));
  await enterPassword(page, person);
  await allow(page);
  const parameters = await reader.deliveredInFragment(page);
  expect(new URL(page.url()).search).toBe("");
  expect(Object.keys(parameters).sort()).toEqual(["code", "id_token", "iss", "session_state", "state"]);
  const claims = claimsOf(parameters.id_token);
  expect(claims).toMatchObject({
    iss: world.issuer,
    sub: person.id,
    aud: [world.native.clientId],
    nonce: "a nonce",
    c_hash: halfDigest(parameters.code),
    s_hash: halfDigest("a state"),
  });
  expect(await reader.redeem(parameters.code)).toMatchObject({ sub: person.id, nonce: "a nonce", sid: claims.sid });
});

test("they come by form_post as well", async ({ page, person, reader }) => {
  await page.goto(reader.requestURL({ ...both, response_mode: "form_post" }));
  await enterPassword(page, person);
  await allow(page);
  const { method, parameters } = await reader.delivered(page);
  expect(method).toBe("POST");
  expect(page.url()).toBe(reader.redirectURI);
  expect(claimsOf(parameters.id_token)).toMatchObject({ sub: person.id, c_hash: halfDigest(parameters.code) });
  expect(await reader.redeem(parameters.code)).toMatchObject({ sub: person.id });
});

test("who does not allow it sends the app an error behind the hash", async ({ page, person, reader }) => {
  await page.goto(reader.requestURL(both));
  await enterPassword(page, person);
  await expectScreen(page, "/consent");
  await page.locator("#consent-deny").click();
  expect(await reader.deliveredInFragment(page)).toMatchObject({ error: "access_denied", state: "a state", iss: world.issuer });
});
