import { type NextRequest, NextResponse } from "next/server";
import { problemOrThrow } from "@/lib/directus-problem";
import { addNote, longestNote } from "@/lib/notes";
import { appURL, notesOffered } from "@/lib/settings";
import type { NotAddedReason } from "../problem";

/** Adds a note as the user. The form that posts here works before any script has loaded. */
export async function POST(request: NextRequest): Promise<Response> {
  if (!notesOffered()) return new Response(null, { status: 404 });
  // As for sign-out: SameSite cookies don't stop another app on this host.
  if (request.headers.get("origin") !== appURL("/").origin) {
    return new Response("Add notes on the app's own page.", { status: 403 });
  }
  const text = (await request.formData()).get("text");
  return backToNotes(await add(typeof text === "string" ? text.trim() : ""));
}

/** Who had to sign in on the way comes back here without the form. */
export function GET(): Response {
  return backToNotes("sign-in");
}

async function add(text: string): Promise<NotAddedReason | undefined> {
  if (!text) return "empty";
  if (text.length > longestNote) return "long";
  const problem = await addNote(text).then(() => undefined, problemOrThrow);
  return problem?.kind;
}

function backToNotes(notAdded: NotAddedReason | undefined): Response {
  const notes = appURL("/notes");
  if (notAdded) notes.searchParams.set("not-added", notAdded);
  // 303: the form was posted, the next page is a GET.
  return NextResponse.redirect(notes, 303);
}
