import { missingSettings } from "./lib/settings";

/** Runs once when the server starts, and not while building. */
export function register(): void {
  const missing = missingSettings();
  if (missing.length > 0) throw new Error(`Not set: ${missing.join(", ")}. See .env.example.`);
}
