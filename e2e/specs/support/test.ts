import { test as base, expect, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from "@playwright/test";
import { createPerson } from "./directus";
import { RelyingParty } from "./relying-party";
import { type Person, world } from "./world";

interface Fixtures {
  /** Somebody whom no other spec knows, so that nothing is remembered of them. */
  person: Person;
  /** Opens a page in a browser of its own, with nothing in common with other pages. */
  anotherBrowser: (options?: BrowserContextOptions) => Promise<Page>;
  /** An app that can ask for anything. */
  reader: RelyingParty;
}

// What must never happen, in any spec: watched in every browser.
class Watch {
  private readonly problems: string[] = [];

  async over(context: BrowserContext, scripts = true): Promise<void> {
    context.on("console", (message) => {
      if (/content security policy|csp-violation/i.test(message.text())) this.problems.push(message.text());
    });
    context.on("weberror", (error) => this.problems.push(`script error: ${error.error().message}`));
    context.on("request", (request) => {
      const { protocol, hostname } = new URL(request.url());
      if (/^(https?|wss?):$/.test(protocol) && hostname !== "localhost" && hostname !== "127.0.0.1") {
        this.problems.push(`left the machine: ${request.url()}`);
      }
    });
    context.on("response", (response) => {
      const headers = response.headers();
      const ours = response.url().startsWith(`${world.issuer}/`) && !headers.location;
      const page = ours && /^text\/html/.test(headers["content-type"] ?? "");
      if (page && !/default-src 'none'/.test(headers["content-security-policy"] ?? "")) {
        this.problems.push(`page without a strict Content-Security-Policy: ${response.url()}`);
      }
    });
    if (!scripts) return;
    await context.addInitScript(() => {
      document.addEventListener("securitypolicyviolation", (event) => {
        console.error(`csp-violation: ${event.violatedDirective} blocked ${event.blockedURI}`);
      });
    });
  }

  verify(): void {
    expect(this.problems, "problems in the browsers of this spec").toEqual([]);
  }
}

async function withBrowsers(browser: Browser, watch: Watch, use: (open: Fixtures["anotherBrowser"]) => Promise<void>) {
  const opened: BrowserContext[] = [];
  await use(async (options = {}) => {
    const context = await browser.newContext(options);
    opened.push(context);
    await watch.over(context, options.javaScriptEnabled ?? true);
    return context.newPage();
  });
  for (const context of opened) await context.close();
}

export const test = base.extend<Fixtures & { watch: Watch }>({
  watch: async ({}, use) => {
    const watch = new Watch();
    await use(watch);
    watch.verify();
  },
  context: async ({ context, watch, javaScriptEnabled }, use) => {
    await watch.over(context, javaScriptEnabled);
    await use(context);
  },
  person: async ({}, use) => use(await createPerson()),
  reader: async ({}, use) => {
    const reader = await RelyingParty.start();
    await use(reader);
    reader.stop();
  },
  anotherBrowser: async ({ browser, watch }, use) => withBrowsers(browser, watch, use),
});

export { expect };
