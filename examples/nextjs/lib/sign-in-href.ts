// Plain links, not next/link: following one leaves the app for the provider, so
// there is nothing to prefetch.

export function signInHref(returnTo = "/account"): string {
  return `/sign-in?${new URLSearchParams({ callbackUrl: returnTo })}`;
}

export function registerHref(returnTo = "/account"): string {
  return `/sign-in?${new URLSearchParams({ register: "1", callbackUrl: returnTo })}`;
}
