import { expect } from "@playwright/test";
import { world } from "./world";

interface Message {
  id: number;
  to: string[];
  subject: string;
  text: string;
  html: string;
}

/** The mails that somebody was sent so far, the oldest first. */
export async function mailsTo(email: string): Promise<Message[]> {
  const answer = await fetch(`${world.mail}/messages`);
  const messages = (await answer.json()) as Message[];
  return messages.filter(({ to }) => to.some((address) => address.toLowerCase() === email.toLowerCase()));
}

/** The link to one of our pages in the newest mail to somebody, waiting for the nth mail. */
export async function linkFor(email: string, path: string, nth = 1): Promise<string> {
  let link = "";
  await expect
    .poll(async () => {
      const mails = await mailsTo(email);
      if (mails.length < nth) return "no mail yet";
      const { html, text } = mails[mails.length - 1];
      const found = new RegExp(`${world.issuer}${path}\\?[^"'\\s<>]+`).exec(`${html}\n${text}`);
      link = (found?.[0] ?? "").replaceAll("&amp;", "&").replaceAll("&#x3D;", "=");
      return link === "" ? "a mail without the link" : "a link";
    }, `the mail to ${email} with a link to ${path}`)
    .toBe("a link");
  return link;
}
