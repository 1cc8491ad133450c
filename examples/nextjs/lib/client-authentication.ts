import { setting } from "./settings";

/**
 * How this app proves who it is at the token endpoint. RFC 6749, section 2.3.1:
 * both halves are form-encoded before they are joined.
 */
export function clientSecretBasic(): string {
  const id = formEncode(setting("GATEHOUSE_CLIENT_ID"));
  const secret = formEncode(setting("GATEHOUSE_CLIENT_SECRET"));
  return `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}`;
}

function formEncode(value: string): string {
  return new URLSearchParams({ "": value }).toString().slice(1);
}
