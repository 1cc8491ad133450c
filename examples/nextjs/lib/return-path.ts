import { appURL } from "./settings";

/** Where to go after sign-in: a path of this app, never another site. */
export function returnPath(callbackUrl: string | undefined): string {
  const home = appURL("/");
  if (!callbackUrl || !URL.canParse(callbackUrl, home)) return "/account";
  const url = new URL(callbackUrl, home);
  return url.origin === home.origin ? url.pathname + url.search : "/account";
}
