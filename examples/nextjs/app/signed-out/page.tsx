import type { Metadata } from "next";
import { cookies } from "next/headers";
import Link from "next/link";
import { redirect } from "next/navigation";
import { logoutStateCookieName } from "@/lib/cookies";
import { appName } from "@/lib/settings";
import { signInHref } from "@/lib/sign-in-href";

export const metadata: Metadata = { title: "Signed out" };

type Props = { searchParams: Promise<{ state?: string; only?: string }> };

/** Where the provider sends the browser after it has ended its own session. */
export default async function SignedOutPage({ searchParams }: Props) {
  const { state, only } = await searchParams;
  const expected = (await cookies()).get(logoutStateCookieName())?.value;
  const onlyHere = only === "here";
  // A link from elsewhere must not make people believe that they are signed out.
  if (!expected || (!onlyHere && state !== expected)) redirect("/");

  return (
    <section className="card" id="signed-out">
      <h1>You are signed out</h1>
      {onlyHere ? (
        <p>
          You are signed out of {appName()}. The sign-in service could not be reached, so other apps may still be
          signed in. On a shared computer, close the browser.
        </p>
      ) : (
        <p>You are signed out of {appName()} and of the sign-in service.</p>
      )}
      <div className="actions">
        <a className="button" href={signInHref()} id="sign-in">
          Sign in again
        </a>
        <Link href="/">Go to the start page</Link>
      </div>
    </section>
  );
}
