import { openSignIn } from "./support/pages";
import { expect, test } from "./support/test";
import { world } from "./support/world";

test("the first paint needs one page and one small stylesheet", async ({ page }) => {
  const fetched: { type: string; url: string }[] = [];
  page.on("request", (request) => {
    if (request.url().startsWith(`${world.issuer}/`)) fetched.push({ type: request.resourceType(), url: request.url() });
  });
  await openSignIn(page, world.shop);
  await page.waitForLoadState("networkidle");

  const count = (type: string) => fetched.filter((each) => each.type === type).length;
  expect(count("stylesheet")).toBe(1);
  expect(count("font")).toBe(0);
  // Scripts come after the paint, and the pages do without them.
  expect(await page.locator("script:not([defer])").count()).toBe(0);
  const style = await page.request.get(fetched.find((each) => each.type === "stylesheet")?.url ?? "");
  expect((await style.body()).byteLength).toBeLessThan(20_000);
  expect(style.headers()["cache-control"]).toContain("immutable");
});

test("nothing moves while the page loads", async ({ page }) => {
  await page.addInitScript(() => {
    const shifts: number[] = [];
    Object.assign(globalThis, { shifts });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) shifts.push((entry as PerformanceEntry & { value: number }).value);
    }).observe({ type: "layout-shift", buffered: true });
  });
  await openSignIn(page, world.club);
  await page.waitForLoadState("networkidle");
  const shifts = await page.evaluate(() => (globalThis as unknown as { shifts: number[] }).shifts);
  expect(shifts.reduce((sum, each) => sum + each, 0)).toBeLessThan(0.01);
});
