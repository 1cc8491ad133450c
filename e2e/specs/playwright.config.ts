import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { defineConfig } from "@playwright/test";
import { world } from "./support/world";

// The machine's own browser, never a download.
function browser(): string {
  for (const name of ["chromium", "google-chrome", "chromium-browser"]) {
    for (const folder of (process.env.PATH ?? "").split(delimiter)) {
      if (existsSync(join(folder, name))) return join(folder, name);
    }
  }
  throw new Error("No browser found. On Debian: apt-get install chromium");
}

const launchOptions = {
  executablePath: browser(),
  // Root may not use Chromium's sandbox, and containers have no room in /dev/shm.
  chromiumSandbox: process.getuid?.() !== 0,
  args: [
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
  ],
};

export default defineConfig({
  testDir: ".",
  testMatch: "*.spec.ts",
  outputDir: `test-results/${world.store}/failures`,
  snapshotPathTemplate: "{testDir}/snapshots/{arg}{ext}",
  fullyParallel: true,
  forbidOnly: true,
  workers: 3,
  timeout: 60_000,
  expect: { timeout: 15_000 },
  reporter: [["list"]],
  use: {
    locale: "en-GB",
    viewport: { width: 1280, height: 800 },
    // Recording slows everything down: run with --trace on to look at a failure.
    screenshot: "only-on-failure",
    launchOptions,
  },
  projects: [
    { name: "specs", grepInvert: /@pictures/ },
    {
      // Compared pictures need the same fonts everywhere.
      name: "pictures",
      grep: /@pictures/,
      use: { launchOptions: { ...launchOptions, env: { ...process.env, FONTCONFIG_FILE: join(import.meta.dirname, "support/fonts.conf") } } },
    },
  ],
});
