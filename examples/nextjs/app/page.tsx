import Link from "next/link";
import { currentSession } from "@/lib/session";
import { appName, notesOffered, registrationOffered } from "@/lib/settings";
import { registerHref, signInHref } from "@/lib/sign-in-href";
import { SignOutButton } from "./sign-out-button";

export default async function HomePage() {
  const session = await currentSession();
  if (!session) return <Welcome />;
  if (session.error) return <Welcome ended />;
  return (
    <section className="card">
      <h1>
        Hello, <span id="user-name">{session.user.name ?? session.user.email ?? "there"}</span>
      </h1>
      <p>You are signed in to {appName()}.</p>
      <div className="actions">
        <Link className="button" href="/account" id="account-link" prefetch={false}>
          See your account
        </Link>
        {notesOffered() && (
          <Link href="/notes" id="notes-link" prefetch={false}>
            See your notes
          </Link>
        )}
        <SignOutButton />
      </div>
    </section>
  );
}

function Welcome({ ended = false }) {
  return (
    <section className="card">
      {ended && (
        <p className="notice" id="session-ended" role="status">
          Your session has ended. Sign in again to go on.
        </p>
      )}
      <h1>Welcome to {appName()}</h1>
      <p>Everyone can see this page. Your account page is yours alone.</p>
      <div className="actions">
        <a className="button" href={signInHref()} id="sign-in">
          Sign in
        </a>
        {registrationOffered() && (
          <a href={registerHref()} id="register">
            Create an account
          </a>
        )}
      </div>
    </section>
  );
}
