import type { Metadata } from "next";
import { redirect } from "next/navigation";
import { currentSession } from "@/lib/session";
import { providerAccountURL } from "@/lib/settings";
import { signInHref } from "@/lib/sign-in-href";
import { SignOutButton } from "../sign-out-button";

export const metadata: Metadata = { title: "Your account" };

export default async function AccountPage() {
  const session = await currentSession();
  // proxy.ts lets nobody through without a session. Asked again here, because a
  // page should not depend on a matcher elsewhere for its safety.
  if (!session || session.error) redirect(signInHref("/account"));

  const { user } = session;
  return (
    <section className="card">
      <h1>Your account</h1>
      <p>
        Signed in as <span id="user-name">{user.name ?? user.email}</span>
      </p>
      <dl>
        <Detail id="user-first-name" label="First name" value={user.givenName} />
        <Detail id="user-last-name" label="Last name" value={user.familyName} />
        <Detail id="user-email" label="E-mail" value={user.email} />
        <Detail id="user-id" label="User id" value={user.id} />
      </dl>
      <div className="actions">
        <SignOutButton />
        <a href={providerAccountURL()} id="provider-account-link">
          Change name, password or devices
        </a>
        <a href="/api/whoami" id="whoami-link">
          Ask the provider who I am
        </a>
      </div>
    </section>
  );
}

function Detail({ id, label, value }: { id: string; label: string; value?: string | null }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd id={id}>{value || "Not given"}</dd>
    </div>
  );
}
