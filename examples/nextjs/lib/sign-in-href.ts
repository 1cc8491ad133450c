// Plain links, not next/link: following one leaves the app for the provider, so
// there is nothing to prefetch.

export function signInHref(returnTo = "/account"): string {
  return `/sign-in?${new URLSearchParams({ callbackUrl: returnTo })}`;
}

/** For when the session here is of no more use: the provider asks for the password again. */
export function signInAgainHref(returnTo: string): string {
  return `/sign-in?${new URLSearchParams({ prompt: "login", callbackUrl: returnTo })}`;
}

export function registerHref(returnTo = "/account"): string {
  return `/sign-in?${new URLSearchParams({ register: "1", callbackUrl: returnTo })}`;
}
