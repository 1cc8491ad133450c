import type { Page } from "@playwright/test";

const changing: [RegExp, string][] = [
  [/[a-z-]+\.[0-9a-f]{12}@example\.com/g, "grace@example.com"],
  [/(localhost|127\.0\.0\.1):\d+/g, "$1"],
  // Keys for authenticators.
  [/\b(?:[A-Z2-7]{4} )+[A-Z2-7]{4}\b/g, "ABCD EFGH IJKL MNOP"],
  // Numbers of requests on error pages.
  [/(code: |^)"?[\w-]{16}"?$/gm, "$10"],
  [/\b[0-9a-f]{16,32}\b|\b[A-Z2-7]{16,32}\b/g, "0"],
  [/\b\d{1,2} [A-Z][a-z]+ \d{4}\b/g, "1 January 2030"],
  [/\b\d{4}-\d\d-\d\d\b|\b\d{1,2}:\d\d\b( UTC)?/g, "0"],
  [/\/\?[^\s"]*|\?request=[^\s"]*/g, "?"],
];

/** Puts the same everywhere where every run has something of its own. */
export async function hold(page: Page): Promise<void> {
  await page.evaluate((patterns) => {
    const still = (text: string) => patterns.reduce((result, [source, flags, other]) => result.replace(new RegExp(source, flags), other), text);
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) node.nodeValue = still(node.nodeValue ?? "");
    for (const input of document.querySelectorAll("input")) input.value = still(input.value);
    document.querySelector(".qr path")?.removeAttribute("d");
  }, changing.map(([pattern, other]) => [pattern.source, pattern.flags, other] as const));
}

/** What assistive technology is told of the page, without what every run has of its own. */
export async function ariaOf(page: Page): Promise<string> {
  const snapshot = await page.locator("body").ariaSnapshot();
  const still = changing.reduce((result, [pattern, other]) => result.replace(pattern, other), snapshot);
  return `${still.replace(/^(\s*)- \/url: .*$/gm, "$1- /url")}\n`;
}
