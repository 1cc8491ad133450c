import type { BrowserContext, Page, Response } from "@playwright/test";
import { expectAccessible } from "./support/accessibility";
import { createPerson, directusToken, notesOf } from "./support/directus";
import { allow, enterPassword, expectScreen, openSignIn } from "./support/pages";
import { expect, test } from "./support/test";
import { world, type Person } from "./support/world";

const notes = `${world.shop.url}/notes`;

/** Signs in on the way to the notes. */
async function openNotes(page: Page, person: Person): Promise<void> {
  await openSignIn(page, world.shop, "/notes");
  await enterPassword(page, person);
  await expectScreen(page, "/consent");
  await allow(page);
  await expect(page).toHaveURL(notes);
  await expect(page.locator("#add-note")).toBeVisible();
}

async function add(page: Page, text: string): Promise<void> {
  await page.locator("#note").fill(text);
  await page.locator("#add-note").click();
}

/** The JWTs of Directus in a text, whatever stands around them. */
function directusTokens(text: string): string[] {
  const found = text.match(/eyJ[\w-]+\.eyJ[\w-]+\.[\w-]+/g) ?? [];
  return found.filter((each) => JSON.parse(Buffer.from(each.split(".")[1]!, "base64url").toString()).iss === "directus");
}

/** Everything that the browser was answered: headers and, but for redirects, contents. */
function listen(context: BrowserContext): () => Promise<string[]> {
  const heard: Promise<string>[] = [];
  const read = async (response: Response) => {
    const headers = (await response.headersArray()).map(({ name, value }) => `${name}: ${value}`).join("\n");
    // A page that the browser has left by now is asked for again at the end.
    const content = await response.text().catch(() => "");
    return `${response.url()}\n${headers}\n\n${content}`;
  };
  context.on("response", (response) => heard.push(read(response)));
  return () => Promise.all(heard);
}

async function sizeOfSession(context: BrowserContext): Promise<number> {
  const cookies = await context.cookies(world.shop.url);
  return cookies.filter(({ name }) => name.includes("session-token")).reduce((size, { value }) => size + value.length, 0);
}

test("an app reads and adds items of Directus as the person, who never holds a token of it", { tag: "@core" }, async ({ page, context, person }) => {
  const heard = listen(context);
  await page.goto(world.shop.url);
  await expect(page.locator("#notes-link")).toHaveCount(0);
  await openSignIn(page, world.shop);
  await enterPassword(page, person);
  await allow(page);
  await expect(page.locator("#user-id")).toHaveText(person.id);
  const before = await sizeOfSession(context);

  await page.goto(world.shop.url);
  await page.locator("#notes-link").click();
  await expect(page.locator("#no-notes")).toBeVisible();
  await add(page, "Buy <b>anvils</b>");
  await expect(page.locator("#notes li")).toHaveCount(1);
  await expect(page.locator("#notes li")).toContainText("Buy <b>anvils</b>");
  await expect(page).toHaveURL(notes);
  await expectAccessible(page, "notes");

  // It is an item in Directus, and Directus says that it is the person's.
  expect(await notesOf(person)).toEqual([expect.objectContaining({ text: "Buy <b>anvils</b>", user_created: person.id })]);

  // Nothing of Directus's went to the browser: a token would be found in there.
  expect(directusTokens(`"${await directusToken(person)}"`)).toHaveLength(1);
  const contents = await heard();
  for (const path of ["/", "/account", "/notes", "/api/auth/session", "/api/whoami"]) {
    const answer = await page.request.get(world.shop.url + path);
    expect(answer.status()).toBe(200);
    contents.push(`${path}\n${answer.headersArray().map(({ value }) => value)}\n${await answer.text()}`);
  }
  expect(contents.some((each) => each.includes("&lt;b&gt;anvils"))).toBe(true);
  expect(contents.flatMap(directusTokens)).toEqual([]);
  // And the session cookie, which is sealed, has not grown by one either.
  expect((await sizeOfSession(context)) - before).toBeLessThan(100);

  await page.goto(world.shop.url);
  await page.locator("#sign-out").click();
  await expect(page.locator("#signed-out")).toBeVisible();
  await page.goto(notes);
  await expectScreen(page, "/login");
});

test("notes are added without JavaScript, and only by the app's own page", async ({ anotherBrowser, person }) => {
  const page = await anotherBrowser({ javaScriptEnabled: false });
  await openNotes(page, person);
  await add(page, "Without a script");
  await expect(page.locator("#notes li")).toContainText("Without a script");

  const forged = await page.request.post(`${notes}/add`, { headers: { origin: world.club.url }, form: { text: "forged" }, maxRedirects: 0 });
  expect(forged.status()).toBe(403);
  const empty = await page.request.post(`${notes}/add`, { headers: { origin: world.shop.url }, form: { text: " " } });
  expect(await empty.text()).toContain('id="not-added"');
  expect(await notesOf(person)).toHaveLength(1);
});

test("who has to sign in again for Directus comes back to the notes", async ({ page, person }) => {
  await openNotes(page, person);
  await add(page, "Still there");
  await expect(page.locator("#notes li")).toContainText("Still there");

  // Where the page leads to when the exchange is refused.
  await page.goto(`${world.shop.url}/sign-in?prompt=login&callbackUrl=/notes`);
  await expectScreen(page, "/login");
  await enterPassword(page, person);
  await expect(page).toHaveURL(notes);
  await expect(page.locator("#notes li")).toContainText("Still there");
});

for (const [who, columns] of Object.entries({
  "who has no right to notes in Directus": { role: null },
  "an administrator, as whom the app may not act,": { role: world.directus.adminRole },
})) {
  test(`${who} is told so`, async ({ page }) => {
    const guest = await createPerson("Ida", "Rhodes", columns);
    await openSignIn(page, world.shop, "/notes");
    await enterPassword(page, guest);
    await allow(page);
    await expect(page.locator("#notes-forbidden")).toBeVisible();
    await expectAccessible(page, "no right to notes");
  });
}
