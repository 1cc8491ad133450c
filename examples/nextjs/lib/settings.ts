// Everything comes from the environment when a request is served, never while
// building: one build runs anywhere, also twice side by side.

const required = [
  "GATEHOUSE_ISSUER",
  "GATEHOUSE_CLIENT_ID",
  "GATEHOUSE_CLIENT_SECRET",
  "NEXTAUTH_URL",
  "NEXTAUTH_SECRET",
] as const;

export type RequiredSetting = (typeof required)[number];

export function setting(name: RequiredSetting): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set. See .env.example.`);
  return value;
}

export function missingSettings(): RequiredSetting[] {
  return required.filter((name) => !process.env[name]);
}

/** OIDC Discovery, section 4: a slash that ends the issuer is dropped first. */
export function discoveryURL(): string {
  return `${setting("GATEHOUSE_ISSUER").replace(/\/$/, "")}/.well-known/openid-configuration`;
}

export function appName(): string {
  return process.env.APP_NAME || "Example app";
}

/** Whether the provider's registration screen is offered. */
export function registrationOffered(): boolean {
  return process.env.GATEHOUSE_REGISTRATION !== "false";
}

/** Whether there is a page of notes, which are items in Directus. */
export function notesOffered(): boolean {
  return Boolean(process.env.DIRECTUS_URL);
}

/** The address of Directus, as Gatehouse knows it. */
export function directusURL(): string {
  const value = process.env.DIRECTUS_URL;
  if (!value) throw new Error("DIRECTUS_URL is not set. See .env.example.");
  return value.replace(/\/$/, "");
}

/** Where people see to their account: profile, password, devices, apps. */
export function providerAccountURL(): string {
  return `${setting("GATEHOUSE_ISSUER").replace(/\/$/, "")}/account`;
}

/** An absolute address of this app. The Host header has no say in it. */
export function appURL(path: string): URL {
  return new URL(path, new URL(setting("NEXTAUTH_URL")).origin);
}
