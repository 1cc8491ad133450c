import axe from "axe-core";
import { expect, type Page } from "@playwright/test";

const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** Holds the page to WCAG 2.2 AA, as far as axe can tell. */
export async function expectAccessible(page: Page, look: string): Promise<void> {
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(axe.source);
  const violations = await page.evaluate(async (values) => {
    const { run } = (globalThis as unknown as { axe: typeof import("axe-core") }).axe;
    const results = await run(document, {
      runOnly: { type: "tag", values },
      resultTypes: ["violations"],
    });
    return results.violations.map(({ id, help, nodes }) => ({
      id,
      help,
      where: nodes.map(({ html, failureSummary }) => `${html}: ${failureSummary}`),
    }));
  }, tags);
  expect(violations, `accessibility, ${look}`).toEqual([]);
}

/** WCAG 2.2, 1.4.10: at 320 pixels nothing has to be scrolled sideways. */
export async function expectReflow(page: Page, look: string): Promise<void> {
  await page.setViewportSize({ width: 320, height: 640 });
  const beyond = await page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    return [...document.body.querySelectorAll("*")]
      .filter((element) => {
        const { left, right, width: own } = element.getBoundingClientRect();
        return own > 1 && (right > width + 1 || left < -1);
      })
      .map((element) => `<${element.localName} id="${element.id}" class="${element.className}">`);
  });
  expect(beyond, `wider than 320 pixels, ${look}`).toEqual([]);
}
