import type { DirectusProblemKind } from "@/lib/directus-problem";
import { signInAgainHref } from "@/lib/sign-in-href";

/** In place of the notes: why there are none, and the way on. */
export function Problem({ kind }: { kind: DirectusProblemKind }) {
  const { heading, text } = words[kind];
  return (
    <section className="card" id={`notes-${kind}`} role={kind === "away" ? "status" : "alert"}>
      <h1>{heading}</h1>
      <p>{text}</p>
      <div className="actions">
        {kind === "sign-in" && (
          <a className="button" href={signInAgainHref("/notes")} id="sign-in-again">
            Sign in again
          </a>
        )}
        {kind === "away" && (
          <a className="button" href="/notes" id="try-again">
            Try again
          </a>
        )}
        <a href="/">Go to the start page</a>
      </div>
    </section>
  );
}

const words: Record<DirectusProblemKind, { heading: string; text: string }> = {
  "sign-in": {
    heading: "Sign in again",
    text: "You have been signed in for a while. To see your notes, sign in once more.",
  },
  away: {
    heading: "Your notes can’t be reached",
    text: "Nothing is wrong with your account. Wait a moment, then try again.",
  },
  forbidden: {
    heading: "You have no access to notes",
    text: "Ask the people who run this app whether you should have it.",
  },
};

/** Above the notes, when one was not added. */
export function NotAdded({ reason }: { reason?: string }) {
  const text = reason && Object.hasOwn(notAdded, reason) ? notAdded[reason as NotAddedReason] : undefined;
  if (!text) return null;
  return (
    <p className="notice" id="not-added" role="alert">
      {text}
    </p>
  );
}

export type NotAddedReason = DirectusProblemKind | "empty" | "long";

const notAdded: Record<NotAddedReason, string> = {
  "sign-in": "Your note was not added, because you had to sign in again. Add it once more.",
  away: "Your note was not added, because the notes could not be reached. Wait a moment, then try again.",
  forbidden: "Your note was not added: you may see notes, but not add any.",
  empty: "Write something first.",
  long: "Your note was not added, because it is too long.",
};
