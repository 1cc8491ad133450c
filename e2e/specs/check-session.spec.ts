import type { Page } from "@playwright/test";
import { createPerson } from "./support/directus";
import { signInAtPortal, signOutURL } from "./support/portal";
import { expect, test } from "./support/test";
import { issuerURL, world } from "./support/world";

/** Asks as an app does: by a message to a frame of the provider (Session Management 1.0, section 3.1). */
function ask(page: Page, message: string): Promise<string> {
  return page.evaluate(
    async ([message, address]) => {
      let frame = document.querySelector("iframe");
      if (!frame) {
        frame = document.createElement("iframe");
        const loaded = new Promise((resolve) => frame?.addEventListener("load", resolve));
        frame.src = address;
        document.body.append(frame);
        await loaded;
      }
      const { origin } = new URL(address);
      return new Promise<string>((resolve) => {
        const listen = (event: MessageEvent) => {
          if (event.origin !== origin) return;
          window.removeEventListener("message", listen);
          resolve(event.data);
        };
        window.addEventListener("message", listen);
        frame.contentWindow?.postMessage(message, origin);
      });
    },
    [message, issuerURL("/check-session")],
  );
}

test("an app sees in its frame that the session has ended", async ({ page, context, person }) => {
  const { idToken, sessionState } = await signInAtPortal(page, person);
  const question = `${world.portal.clientId} ${sessionState}`;
  expect(await ask(page, question)).toBe("unchanged");
  expect(await ask(page, "no question at all")).toBe("error");

  const tab = await context.newPage();
  await tab.goto(signOutURL(idToken));
  await expect(tab).toHaveURL((url) => url.origin === world.portal.url);
  expect(await ask(page, question)).toBe("changed");
});

test("an app sees that somebody else has signed in", async ({ page, context, person }) => {
  const { idToken, sessionState } = await signInAtPortal(page, person);
  const question = `${world.portal.clientId} ${sessionState}`;
  const tab = await context.newPage();
  // The same person at the same app changes nothing.
  const again = await signInAtPortal(tab);
  expect(await ask(page, question)).toBe("unchanged");
  expect(await ask(page, `${world.portal.clientId} ${again.sessionState}`)).toBe("unchanged");

  await tab.goto(signOutURL(idToken));
  await expect(tab).toHaveURL((url) => url.origin === world.portal.url);
  const other = await signInAtPortal(tab, await createPerson("Barbara", "Liskov"));
  expect(await ask(page, question)).toBe("changed");
  expect(await ask(page, `${world.portal.clientId} ${other.sessionState}`)).toBe("unchanged");
});
