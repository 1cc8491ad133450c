import { readFileSync } from "node:fs";
import { join } from "node:path";

const catalogues = new Map<string, Record<string, string>>();

/** What the pages say under a key of web/locales, so that specs survive a better wording. */
export function words(key: string, values: Record<string, string> = {}, language = "en"): string {
  let catalogue = catalogues.get(language);
  if (!catalogue) {
    const file = join(import.meta.dirname, "../../../web/locales", `${language}.json`);
    catalogue = JSON.parse(readFileSync(file, "utf8")) as Record<string, string>;
    catalogues.set(language, catalogue);
  }
  const text = catalogue[key];
  if (text === undefined) throw new Error(`The catalogue ${language} has no ${key}.`);
  return text.replace(/\{\{\.(\w+)\}\}/g, (_, name) => values[name] ?? "");
}
