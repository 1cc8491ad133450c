import type { Metadata } from "next";
import Link from "next/link";
import { returnPath } from "@/lib/return-path";
import { appName } from "@/lib/settings";
import { signInHref } from "@/lib/sign-in-href";

export const metadata: Metadata = { title: "You are not signed in" };

type Props = { searchParams: Promise<{ error?: string; callbackUrl?: string }> };

export default async function SignInProblemPage({ searchParams }: Props) {
  const { error, callbackUrl } = await searchParams;
  const { heading, text } = problem(error);
  return (
    <section className="card" id="sign-in-problem" role="alert">
      <h1>{heading}</h1>
      <p>{text}</p>
      <div className="actions">
        <a className="button" id="try-again" href={signInHref(returnPath(callbackUrl))}>
          Try again
        </a>
        <Link href="/">Go to the start page</Link>
      </div>
    </section>
  );
}

// NextAuth's error codes, in words.
function problem(code: string | undefined) {
  switch (code) {
    case "Callback":
      return {
        heading: "You were not signed in",
        text: `The sign-in was cancelled or could not be completed. To use ${appName()}, try again.`,
      };
    case "OAuthSignin":
      return {
        heading: "The sign-in page can’t be reached",
        text: "Nothing is wrong with your account. Wait a moment, then try again.",
      };
    case "OAuthCallback":
      return {
        heading: "We could not finish signing you in",
        text: "The sign-in may have waited too long, or was started again in another tab.",
      };
    default:
      return {
        heading: "We could not sign you in",
        text: "Try again. If it keeps happening, tell the people who run this app.",
      };
  }
}
