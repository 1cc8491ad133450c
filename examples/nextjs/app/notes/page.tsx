import type { Metadata } from "next";
import { notFound, redirect } from "next/navigation";
import { problemOrThrow } from "@/lib/directus-problem";
import { listNotes, longestNote } from "@/lib/notes";
import { currentSession } from "@/lib/session";
import { notesOffered } from "@/lib/settings";
import { signInHref } from "@/lib/sign-in-href";
import { SignOutButton } from "../sign-out-button";
import { NotAdded, Problem } from "./problem";

export const metadata: Metadata = { title: "Your notes" };

type Props = { searchParams: Promise<{ "not-added"?: string }> };

/** Items of Directus, read with the rights of the user. */
export default async function NotesPage({ searchParams }: Props) {
  if (!notesOffered()) notFound();
  // As on the account page: not for proxy.ts alone to see to.
  const session = await currentSession();
  if (!session || session.error) redirect(signInHref("/notes"));

  const notes = await listNotes().catch(problemOrThrow);
  if (!Array.isArray(notes)) return <Problem kind={notes.kind} />;
  return (
    <section className="card">
      <NotAdded reason={(await searchParams)["not-added"]} />
      <h1>Your notes</h1>
      <form action="/notes/add" method="post">
        <label htmlFor="note">New note</label>
        <textarea id="note" name="text" required maxLength={longestNote} rows={3} />
        <div className="actions">
          <button className="button" id="add-note" type="submit">
            Add note
          </button>
        </div>
      </form>
      {notes.length === 0 ? <p id="no-notes">You have no notes yet.</p> : <List notes={notes} />}
      <div className="actions">
        <SignOutButton />
      </div>
    </section>
  );
}

function List({ notes }: { notes: Awaited<ReturnType<typeof listNotes>> }) {
  const format = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeZone: "UTC" });
  return (
    <ul className="notes" id="notes">
      {notes.map((note) => (
        <li key={note.id}>
          {note.text}
          <time dateTime={note.date_created}>{format.format(new Date(note.date_created))}</time>
        </li>
      ))}
    </ul>
  );
}
